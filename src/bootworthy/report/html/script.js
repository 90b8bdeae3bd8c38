"use strict";
(() => {
  const cards = [...document.querySelectorAll("details.card")];
  const foldable = [...document.querySelectorAll("details")];
  // Not there when the page tells of a rehearsal alone.
  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const boxes = [...document.querySelectorAll("input[name=status]")];
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const shown = document.getElementById("shown");
  const visible = () => cards.filter((card) => !card.hidden);

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const card of cards) {
      const text = texts.get(card);
      card.hidden = !wanted.has(card.dataset.status) || !words.every((word) => text.includes(word));
    }
    for (const stage of document.querySelectorAll(".stage")) {
      const inside = [...stage.querySelectorAll(".card")];
      stage.hidden = inside.length > 0 && inside.every((card) => card.hidden);
    }
    shown.textContent = `${visible().length} of ${cards.length} findings shown`;
  };

  const move = (by) => {
    const list = visible();
    const now = list.indexOf(document.activeElement.closest(".card"));
    const next = list[now < 0 ? (by > 0 ? 0 : list.length - 1) : now + by];
    if (next) {
      next.querySelector("summary").focus();
      next.scrollIntoView({ block: "nearest" });
    }
  };

  document.addEventListener("keydown", (event) => {
    if (!form || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) {
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    }
  });

  const unfold = document.getElementById("unfold");
  const unfoldAll = () => {
    const open = visible().some((card) => !card.open);
    visible().forEach((card) => { card.open = open; });
    unfold.textContent = open ? "Fold all" : "Unfold all";
  };

  const theme = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  });

  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = foldable.filter((item) => !item.open);
    folded.forEach((item) => { item.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((item) => { item.open = false; }));

  // What a machine said last is what one looks for.
  const serial = document.getElementById("serial");
  const toEnd = () => {
    const log = serial.querySelector("pre");
    log.scrollTop = log.scrollHeight;
  };
  if (serial) {
    serial.addEventListener("toggle", toEnd);
    toEnd();
  }

  theme.hidden = false;
  if (form) {
    form.addEventListener("submit", (event) => event.preventDefault());
    search.addEventListener("input", apply);
    boxes.forEach((box) => box.addEventListener("change", apply));
    unfold.addEventListener("click", unfoldAll);
    form.hidden = false;
    apply();
  }
})();
