"""The demo shop: django-oscar from its package; the settings, the urls and the goods are ours."""
