"""The formats in which writer and verifier meet: pure, one module per noun of a specification.

Every module parses strictly (``FormatError`` says what is wrong) and prints as the exact
inverse. Nothing here opens a network connection, reads a clock or knows a database.
"""
