// How things look. Every text of the shop goes in as text, never as markup.
import {isZero, money, why} from './words.js';

const $ = id => document.getElementById(id);

// make makes an element with members and children.
function make(tag, members = {}, ...children) {
  const {label, ...rest} = members;
  const element = Object.assign(document.createElement(tag), rest);
  if (label) element.setAttribute('aria-label', label);
  element.append(...children);
  return element;
}

// fill replaces what is in a list, and keeps the focus where it was.
function fill(list, items) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  list.replaceChildren(...items);
  if (focused) [...list.querySelectorAll('[data-focus]')].find(e => e.dataset.focus === focused)?.focus();
}

function button(text, focus, press, members = {}) {
  const b = make('button', {type: 'button', textContent: text, onclick: press, ...members});
  b.dataset.focus = focus;
  return b;
}

export function showGoods({goods, currency}, add) {
  fill($('goods'), goods.map(g => {
    const cheaper = g.price !== g.reference_price;
    const cost = make('span', {className: 'price'}, money(g.price, currency));
    if (cheaper) cost.append(make('s', {label: 'before'}, money(g.reference_price, currency)));
    return make('li', {},
      make('span', {className: 'name'}, g.name),
      cost,
      ...cheaper ? [make('span', {className: 'badge'}, 'Sale')] : [],
      make('span', {className: 'soft'}, !g.in_stock ? 'Sold out' : g.stock <= 5 ? `Only ${g.stock} left` : 'In stock'),
      button('Add to cart', g.sku, () => add(g.sku), {disabled: !g.in_stock, label: `Add ${g.name} to cart`}));
  }));
}

// showCart shows a priced cart; faults are by the SKU of the line.
export function showCart({quote, hints}, faults, names, act) {
  const amount = text => money(text, quote.currency);
  const bought = quote.lines.map(l => make('li', {},
    make('span', {}, l.name),
    make('span', {className: 'amount'}, amount(l.subtotal)),
    make('span', {className: 'quantity'},
      button('−', `less ${l.sku}`, () => act.change(l.sku, -1), {label: `One ${l.name} less`}),
      make('span', {label: `${l.quantity} of ${l.name}`}, String(l.quantity)),
      button('+', `more ${l.sku}`, () => act.change(l.sku, 1), {label: `One ${l.name} more`})),
    make('span', {className: 'amount save'}, isZero(l.discount) ? '' : `−${amount(l.discount)}`),
    ...faults[l.sku] ? [make('span', {className: 'fault'}, faults[l.sku])] : []));
  const gone = (quote.unknown ?? []).map(l => make('li', {},
    make('span', {}, `${l.sku} is not sold any more.`),
    button('Remove', `gone ${l.sku}`, () => act.change(l.sku, -l.quantity))));
  const gifts = (quote.gifts ?? []).map(g => make('li', {},
    make('span', {}, `${g.quantity} × ${g.name}`), make('span', {className: 'amount save'}, 'Gift')));
  fill($('lines'), [...bought, ...gone, ...gifts]);

  const useful = hints.filter(h => h.add?.length && h.add.every(l => names[l.sku]));
  $('hints-part').hidden = useful.length === 0;
  fill($('hints'), useful.slice(0, 3).map(h => {
    const what = h.add.map(l => `${l.quantity} × ${names[l.sku]}`).join(' and ');
    return make('li', {},
      make('span', {}, `Add ${what}: you save ${amount(h.saves)}.`),
      button('Add', `hint ${h.promotion}`, () => act.add(h.add), {label: `Add ${what}`}));
  }));

  fill($('coupons'), (quote.coupons ?? []).map(c => make('li', {},
    make('span', {}, make('b', {}, c.code), c.reason === 'applied' ? ' is applied.' : ` – ${why(c.reason)}`),
    button('Remove', `coupon ${c.code}`, () => act.uncoupon(c.code), {label: `Remove the code ${c.code}`}))));

  const rows = [['Goods', amount(quote.subtotal)]];
  for (const s of quote.shipments ?? []) rows.push(['Delivery', amount(s.price)]);
  for (const p of quote.promotions) {
    if (!isZero(p.discount)) rows.push([p.name, `−${amount(p.discount)}`, 'save']);
    else rows.push([p.name, '✓', 'save']);
  }
  rows.push(['To pay', amount(quote.payable), 'payable']);
  $('totals').replaceChildren(...rows.flatMap(([name, value, kind = '']) =>
    [make('dt', {className: kind}, name), make('dd', {className: kind}, value)]));

  const others = quote.others ?? [];
  $('why').hidden = others.length === 0;
  fill($('others'), others.map(o => make('li', {}, make('b', {}, o.name), make('span', {className: 'soft'}, why(o.reason)))));
}

export function showEmpty(empty) {
  $('empty').hidden = !empty;
  $('filled').hidden = empty;
}

export function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = text === '';
}

export function placed(text) {
  $('placed').textContent = text;
  $('placed').hidden = text === '';
}

export function mayOrder(may) {
  $('order').disabled = !may;
}

export function busy(is) {
  mayOrder(!is);
  $('order').textContent = is ? 'Ordering …' : 'Order';
}
