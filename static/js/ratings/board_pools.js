// Shows the board of another pool as soon as it is selected.
const select = document.getElementById("board-pool");
select.addEventListener("change", () => select.form.submit());
