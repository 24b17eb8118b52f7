// The theme that was chosen here before, set before anything is drawn.
(function () {
  "use strict";
  try {
    var chosen = localStorage.getItem("hubtide-theme");
    if (chosen === "dark" || chosen === "light") {
      document.documentElement.dataset.theme = chosen;
    }
  } catch (error) {
    // No storage (a file:// page, a private window): the system's theme holds.
  }
})();
