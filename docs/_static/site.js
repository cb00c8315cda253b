// What the theme leaves to be said to those who use a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll('p.caption[role="heading"]')) {
    caption.setAttribute("aria-level", "2");
  }
  document.querySelector("aside.sidebar-drawer")?.setAttribute("aria-label", "Pages");
  document.querySelector("aside.toc-drawer")?.setAttribute("aria-label", "On this page");
  // What is wider than the page scrolls by itself, and the arrow keys have to reach it.
  const wide = document.querySelectorAll("pre, .table-wrapper, div.math, .cell_output .output");
  for (const box of wide) {
    box.tabIndex = 0;
  }
});
