// Runs before a panel's own scripts, and notes when its sign button was clicked and what its hook says.
(() => {
  if (window.__mohrCheck) return;
  const check = (window.__mohrCheck = { clicked: null, told: [] });
  let last;
  const note = () => {
    const word = document.querySelector('[data-mohr-state]')?.dataset.mohrState;
    if (word === undefined || word === last) return;
    last = word;
    check.told.push([performance.now(), word]);
  };
  const options = { subtree: true, childList: true, attributes: true, attributeFilter: ['data-mohr-state'] };
  new MutationObserver(note).observe(document, options);
  const clicked = ({ target }) => {
    if (!target.closest?.('[data-mohr="sign"]') || check.clicked !== null) return;
    check.clicked = performance.now();
    check.told = [];
  };
  document.addEventListener('click', clicked, true);
  const can = (element) => !!element && !element.disabled && element.checkVisibility();
  check.can = (name) => can(document.querySelector(`[data-mohr="${name}"]`));
  check.click = (name, times = 1) => {
    const element = document.querySelector(`[data-mohr="${name}"]`);
    if (!can(element)) return false;
    for (let time = 0; time < times; time += 1) element.click();
    return true;
  };
  check.pins = () => {
    const names = (input) =>
      [input.name, input.id, input.placeholder, input.getAttribute('aria-label') ?? '', ...[...(input.labels ?? [])].map((label) => label.textContent)].join(' ');
    const asks = (input) => /(^|[^a-z])pin([^a-z]|$)|پین|رمز\s*توکن/i.test(names(input));
    return [...document.querySelectorAll('input')].filter(asks).map((input) => input.name || input.id || 'input');
  };
})();
