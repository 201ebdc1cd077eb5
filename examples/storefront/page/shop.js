// The shop: what is in the cart, and what the shopper does with it.
import * as api from './api.js';
import * as view from './view.js';
import {money} from './words.js';

const kept = 'cart';
const cart = {lines: {}, coupons: [], shipping: 'standard', ...read()};
let names = {};    // of goods, by SKU
let offers = null; // the cart as it was priced last
let asked = 0;     // how many prices were asked for: an old answer is not shown over a new one
let orderKey = ''; // stands for one order, however often it is sent

function read() {
  try {
    return JSON.parse(localStorage.getItem(kept) ?? '{}');
  } catch {
    return {};
  }
}

const lines = () => Object.entries(cart.lines).map(([sku, quantity]) => ({sku, quantity}));
const body = () => ({lines: lines(), coupons: cart.coupons, shipping: cart.shipping});

async function loadGoods() {
  try {
    const catalogue = await api.catalogue();
    names = Object.fromEntries(catalogue.goods.map(g => [g.sku, g.name]));
    view.showGoods(catalogue, sku => add([{sku, quantity: 1}]));
  } catch (problem) {
    view.notice(problem.detail);
  }
}

// changed keeps the cart and prices it anew.
async function changed(said = '') {
  localStorage.setItem(kept, JSON.stringify(cart));
  orderKey = '';
  await reprice(said);
}

async function reprice(said = '', faults = {}) {
  const turn = ++asked;
  view.showEmpty(lines().length === 0);
  if (lines().length === 0) {
    view.notice(said);
    return;
  }
  view.mayOrder(false); // nobody orders at a price that is not shown yet
  try {
    const answer = await api.price(body());
    if (turn !== asked) return;
    offers = answer;
    view.showCart(offers, faults, names, {change, add, uncoupon});
    view.notice(said);
  } catch (problem) {
    if (turn === asked) view.notice(problem.detail);
  } finally {
    if (turn === asked) view.mayOrder(true);
  }
}

// change counts from what is in the cart, which may be more than is shown yet.
function change(sku, by) {
  const quantity = (cart.lines[sku] ?? 0) + by;
  if (quantity > 0) cart.lines[sku] = quantity;
  else delete cart.lines[sku];
  return changed();
}

function add(more) {
  view.placed('');
  for (const {sku, quantity} of more) cart.lines[sku] = (cart.lines[sku] ?? 0) + quantity;
  return changed();
}

function uncoupon(code) {
  cart.coupons = cart.coupons.filter(c => c.trim().toUpperCase() !== code);
  return changed();
}

// newKey needs no secure context, as crypto.randomUUID does.
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');

async function order() {
  if (!offers) return;
  view.busy(true);
  orderKey ||= newKey();
  try {
    const made = await api.order({...body(), expected_payable: offers.quote.payable, key: orderKey});
    cart.lines = {};
    cart.coupons = [];
    offers = null;
    view.placed(`Thank you! Your order ${made.reference} is placed: ${money(made.payable, made.currency)}.`);
    await changed();
    await loadGoods();
  } catch (problem) {
    await refused(problem);
  } finally {
    view.busy(false);
  }
}

// refused says why there is no order, and shows the cart as it is now. Only an answer of
// the shop ends an order: without one it may have been placed, and is sent again as the
// same.
async function refused(problem) {
  if (problem.code === 'away' || problem.status >= 500) {
    view.notice(problem.detail);
    return;
  }
  orderKey = '';
  const faults = {};
  for (const {pointer, detail} of problem.errors ?? []) {
    const line = /^\/lines\/(\d+)\//.exec(pointer);
    if (line) faults[lines()[Number(line[1])]?.sku] = detail;
  }
  const said = problem.code === 'price_changed'
    ? 'Prices have changed meanwhile. Please look at your cart again and order if you agree.'
    : problem.detail;
  await reprice(said, faults);
}

document.getElementById('coupon-form').addEventListener('submit', event => {
  event.preventDefault();
  const field = document.getElementById('coupon');
  const code = field.value.trim();
  field.value = '';
  if (code && !cart.coupons.includes(code)) cart.coupons.push(code);
  changed();
});
document.getElementById('shipping').value = cart.shipping;
document.getElementById('shipping').addEventListener('change', event => {
  cart.shipping = event.target.value;
  changed();
});
document.getElementById('order').addEventListener('click', order);

await loadGoods();
await reprice();
document.body.dataset.ready = 'true';
