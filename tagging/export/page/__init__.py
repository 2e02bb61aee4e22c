"""The page of `--to page`: one HTML file that holds its scripts, the runtime and the model.

Browsers load neither modules nor WebAssembly for a page from disk, so that everything is inside: `index.html` is the
frame, `screen/` what runs in the page, `worker/` what runs in its thread. The scripts share one scope each.
"""
