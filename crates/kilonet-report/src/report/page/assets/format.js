// Texts and elements. Numbers are written where the page was made: here they are looked up.

const analysis = JSON.parse(document.getElementById("data").textContent);
/** All that is to be drawn: axes with their ticks, looks, and how every value is written. */
const { drawn } = analysis;

/** A whole number with its thousands set apart. */
const grouped = number => drawn.numbers[number] ?? String(number);

/** Makes an element; `content` is text or a list of elements and texts. */
function make(tag, attributes = {}, content = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[content].flat());
  return element;
}
