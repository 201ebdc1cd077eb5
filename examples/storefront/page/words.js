// What is told in words: amounts, and why a promotion is not applied.

// money writes an amount, which is a decimal text and stays one: number formats take it
// digit by digit.
export function money(amount, currency) {
  return new Intl.NumberFormat(document.documentElement.lang, {style: 'currency', currency}).format(amount);
}

// isZero tells whether an amount is nothing.
export const isZero = amount => /^-?0*(\.0*)?$/.test(amount);

const reasons = {
  condition_false: 'Your cart does not meet its condition yet.',
  below_quantity: 'There are too few of these goods in your cart.',
  no_matching_items: 'Nothing in your cart takes part.',
  coupon_missing: 'It needs a coupon code.',
  out_of_stock: 'There are not enough gifts left.',
  limit_reached: 'It has been used as often as it may be.',
  budget_spent: 'It has been used as often as it may be.',
  customer_required: 'It is for customers who are signed in.',
  not_started: 'It has not begun yet.',
  ended: 'It is over.',
  outside_hours: 'It is not on at this time.',
  paused: 'It is not on at the moment.',
  disabled: 'It is not on at the moment.',
  plugin_failed: 'It is not on at the moment.',
  cap_reached: 'Nothing more may be taken off.',
  displaced: 'Something better is applied instead.',
  excluded: 'It does not go together with what is applied.',
  no_effect: 'It would change nothing.',
  unknown_code: 'Nobody knows this code.',
};

export const why = reason => reasons[reason] ?? `It does not apply (${reason.replaceAll('_', ' ')}).`;
