// What the page asks of the storefront's own server.

// ask sends a request and returns its answer; a problem is thrown, as the server tells it.
async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw {code: 'away', detail: 'The shop cannot be reached. Your cart is kept; try again in a moment.'};
  }
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    // an answer of something between the page and the shop
  }
  if (!response.ok || answer === null) {
    throw {code: 'away', detail: 'The shop cannot do that now.', ...answer, status: response.status};
  }
  return answer;
}

export const catalogue = () => ask('/shop/catalogue');
export const price = cart => ask('/shop/cart', cart);
export const order = cart => ask('/shop/orders', cart);
