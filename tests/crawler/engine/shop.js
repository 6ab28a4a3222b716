// A Vendure shop on the loopback, for the tests of the crawler: node shop.js FOLDER GOODS.csv
// It says {"port":…}, then answers each line on standard input, a JSON object, with one line:
// {"do":"goods"} what its own database holds; {"do":"change","add":[…],"rename":[…],"remove":[…]}.
// Vendure (GPL-3.0-or-later) is fetched for the test; nothing of it is part of this product.
"use strict";
const readline = require("node:readline");
const { createRequire } = require("node:module");
process.chdir(process.argv[2]);
const load = createRequire(`${process.cwd()}/`);
const core = load("@vendure/core");
const { populate } = load("@vendure/core/cli");

const GOODS = `
  SELECT p.id, t.name, t.slug, t.description, v.sku, c.price, c.currencyCode AS currency,
         s.stockOnHand - s.stockAllocated AS stock
  FROM product p JOIN product_translation t ON t.baseId = p.id
  JOIN product_variant v ON v.productId = p.id AND v.deletedAt IS NULL
  JOIN product_variant_price c ON c.variantId = v.id
  JOIN stock_level s ON s.productVariantId = v.id
  WHERE p.deletedAt IS NULL AND p.enabled = 1`;
const config = {
  apiOptions: { port: 0, hostname: "127.0.0.1" },
  authOptions: { superadminCredentials: { identifier: "admin", password: "admin" } },
  dbConnectionOptions: { type: "sqljs", synchronize: true },
  paymentOptions: { paymentMethodHandlers: [] },
  logger: new core.DefaultLogger({ level: core.LogLevel.Error }),
};
const initial = {
  defaultLanguage: core.LanguageCode.en,
  defaultZone: "Asia",
  countries: [{ name: "China", code: "CN", zone: "Asia" }],
  taxRates: [{ name: "Standard", percentage: 0 }],
  shippingMethods: [],
  paymentMethods: [],
  collections: [],
};
const say = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);

async function change(app, asked) {
  const ctx = await app.get(core.RequestContextService).create({ apiType: "admin" });
  const products = app.get(core.ProductService);
  const languageCode = core.LanguageCode.en;
  for (const name of asked.add) {
    const words = { languageCode, name, slug: `new-${name}`, description: name };
    const product = await products.create(ctx, { translations: [words] });
    const sku = `NEW-${name}`;
    const variant = { productId: product.id, sku, price: 1234, translations: [{ languageCode, name }] };
    await app.get(core.ProductVariantService).create(ctx, [variant]);
  }
  for (const [id, name] of asked.rename) {
    await products.update(ctx, { id, translations: [{ languageCode, name }] });
  }
  for (const id of asked.remove) await products.softDelete(ctx, id);
  return {};
}

populate(() => core.bootstrap(config), initial, process.argv[3]).then(async (app) => {
  say({ port: app.getHttpServer().address().port });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    const base = app.get(core.TransactionalConnection).rawConnection;
    say(asked.do === "goods" ? await base.query(GOODS) : await change(app, asked));
  }
  process.exit(0);
}).catch((error) => {
  console.error(error);
  process.exit(1);
});
