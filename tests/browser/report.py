#!/usr/bin/env python3
"""The report in a real browser: what a reader does with it, by mouse and by keyboard, in light and dark, on a phone.

    python3 tests/browser/report.py [--pictures FOLDER]

Needs Debian's chromium and chromium-driver, and the binary, which `cargo build --features cli` makes; REHEARSAL names
another one. With --pictures it keeps a picture of every view, to be looked at.
"""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import fixture  # noqa: E402
from driver import Browser  # noqa: E402

PICTURES = None


def binary():
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "../../target"))
    return os.path.abspath(os.environ.get("REHEARSAL", os.path.join(target, "debug/rehearsal")))


def write_report(folder):
    fixture.write(folder)
    done = subprocess.run([binary(), "test", ".", "--html", "report"], cwd=folder, capture_output=True, text=True)
    # One of the scenarios is wrong on purpose.
    assert done.returncode == 1, done.stdout + done.stderr
    return "file://" + os.path.join(folder, "report/index.html")


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.url = write_report(cls.folder.name)
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def setUp(self):
        self.page(1440, 1000)

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [], "the console is empty")
        asked = [url for url in self.browser.requests() if not url.startswith("data:")]
        self.assertEqual(set(asked) - {self.url}, set(), "nothing but the page itself is asked for")

    def page(self, width, height, scheme="light", after=""):
        self.browser.size(width, height)
        self.browser.scheme(scheme)
        # Another page between, so that no part of the address and nothing remembered is left over.
        self.browser.open("about:blank")
        self.browser.open(self.url + after)

    def run_js(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def keep(self, name, whole=False):
        if PICTURES:
            self.browser.picture(os.path.join(PICTURES, name + ".png"), whole)

    def choose(self, name):
        script = "return [...document.querySelectorAll('.case')].find(c => c.textContent.includes(arguments[0])).dataset.case"
        case = self.run_js(script, name)
        self.browser.click(f'.case[data-case="{case}"]')
        title = self.browser.until(
            "return document.querySelector('#story h2')?.textContent.includes(arguments[0]) && 'told'", name
        )
        self.assertEqual(title, "told")

    def shown(self):
        script = "return [...document.querySelectorAll('.case')].filter(c => c.offsetParent).map(c => c.querySelector('.name').textContent)"
        return self.run_js(script)

    def text(self, selector):
        return self.run_js("return document.querySelector(arguments[0])?.innerText", selector)

    def on_path(self):
        script = "return [...document.querySelectorAll('.view.shown [data-point].on-path')].map(e => e.dataset.point).sort()"
        return self.run_js(script)

    def test_the_first_failure_is_open_when_the_page_opens(self):
        self.assertEqual(self.text("#story h2"), "this one is wrong")
        self.assertEqual(self.text(".failure p"), "elapsed: it took 1s on the virtual clock, expected 2s  (shop.rehearsal.yaml:22)")
        self.assertIn("output: `total` is 20, expected 21  (shop.rehearsal.yaml:22)", self.text(".failure"))
        self.assertIn("Tell    Parallel, 2 branches ✓", self.text(".failure pre"))
        self.assertIn('rehearsal test shop.rehearsal.yaml -t "this one is wrong"', self.text(".again code"))
        self.keep("failure")

    def test_search_and_filters_leave_what_fits(self):
        self.browser.click("#search")
        self.browser.press("waits")
        self.assertEqual(self.shown(), ["a large order waits"])
        self.assertEqual(self.text("#shown"), "1 of 8 shown")
        self.browser.press("Escape")
        self.assertEqual(len(self.shown()), 8)
        # Tags and files are searched, too, and all words have to be there.
        self.browser.press("shop money")
        self.assertEqual(self.shown(), ["a small order is charged at once", "this one is wrong"])
        self.browser.click('.chip[data-show="failed"]')
        self.assertEqual(self.shown(), ["this one is wrong"])
        self.browser.click("#search")
        self.browser.press("Escape")
        self.browser.click('.chip[data-show="notrun"]')
        self.assertEqual(self.shown(), ["nobody looks at this"])
        self.choose("nobody looks at this")
        self.assertIn("ignored: the bank is closed", self.text("#story"))

    def test_choosing_a_scenario_lights_its_path(self):
        self.choose("a large order waits")
        path = self.on_path()
        for point in ["Large?", "Large?#default", "Ask", "Ask#next", "Charge#next", "Tell/Mail", "Tell#branch-1", "Done"]:
            self.assertIn(point, path)
        for point in ["Large?#rule-0", "Charge#catch-0", "Charge#retry-0", "Refuse"]:
            self.assertNotIn(point, path)
        self.choose("a busy bank")
        self.assertIn("Charge#retry-0", self.on_path())
        self.browser.press("Escape")
        self.assertEqual(self.browser.until("return document.querySelector('#story').hidden"), True)
        self.assertEqual(self.on_path(), [])
        self.assertIn("catcher 1 (States.ALL), to Refuse, never catches", self.text(".view.shown .missing"))
        self.keep("coverage")

    def test_what_was_never_taken_is_marked_and_found(self):
        self.choose("a busy bank")
        self.browser.press("Escape")
        self.browser.until("return document.querySelector('#story').hidden")
        missed = self.run_js(
            "return [...document.querySelectorAll('.view.shown .edge.uncovered')].map(e => e.dataset.point)"
        )
        self.assertEqual(missed, ["Charge#catch-0", "Tell#catch-0"])
        self.browser.click('.view.shown .point[data-point="Tell#catch-0"]')
        aimed = self.run_js("return document.querySelector('.aimed').dataset.point")
        self.assertEqual(aimed, "Tell#catch-0")

    def test_a_way_in_the_picture_shows_the_scenarios_that_take_it(self):
        self.run_js("document.querySelector('[data-point=\"Ask\"] .box').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.assertEqual(self.shown(), ["a large order waits"])
        self.assertIn("through Wait Ask", self.text("#through"))
        self.browser.click("#through")
        self.assertEqual(len(self.shown()), 8)

    def test_a_picture_that_does_not_fit_shows_where_the_machine_begins(self):
        seen = """
            const frame = document.querySelector('.view.shown .graph');
            const [box, start] = [frame.getBoundingClientRect(), document.querySelector('.view.shown .start').getBoundingClientRect()];
            return [frame.scrollWidth > frame.clientWidth, start.left >= box.left && start.right <= box.right];
        """
        self.page(375, 812)
        # Narrow enough that the beginning lies outside of what comes first.
        self.run_js("document.querySelectorAll('.graph').forEach(frame => frame.style.width = '90px')")
        for name in ["a large order waits", "all fifty states"]:
            self.choose(name)
            self.assertEqual(self.run_js(seen), [True, True], name)

    def test_every_sentence_of_a_failure_can_be_read(self):
        sentences = self.run_js("return [...document.querySelectorAll('.failure p')].map(p => p.textContent)")
        self.assertEqual([text.split(":")[0] for text in sentences], ["elapsed", "output"])
        wide = "return [...document.querySelectorAll('.failure p')].filter(p => p.scrollWidth > p.clientWidth).length"
        self.assertEqual(self.run_js(wide), 0)

    def test_an_event_shows_what_it_changed(self):
        self.choose("a small order")
        rows = self.run_js("return [...document.querySelectorAll('button.row')].map(r => [...r.children].map(c => c.textContent.trim()).join(' '))")
        self.assertEqual(rows[0], "T+0 succeeded: Large? Choice → Charge")
        self.assertEqual(rows[1], "T+0 Charge lambda:invoke charge")
        self.browser.click("button.row.attempt")
        added = self.run_js("return [...document.querySelectorAll('.diff .added')].map(e => e.textContent)")
        self.assertEqual(len(added), 1)
        self.assertIn('"charge": {', added[0])
        # What a user wrote is text, whatever it looks like.
        self.assertIn("<c-1>", added[0])
        self.assertIn("</script><b onclick=alert(1)>Ann</b>", self.text("#story .detail"))
        self.assertEqual(self.run_js("return document.querySelectorAll('b[onclick]').length"), 0)
        self.browser.click("button.row.attempt")
        self.assertIsNone(self.text("#story .detail"))

    def test_attempts_and_pauses_are_drawn(self):
        self.choose("a busy bank")
        marks = self.run_js("return [...document.querySelectorAll('.rows .dot.bad')].length")
        self.assertEqual(marks, 2)
        gaps = self.run_js("return [...document.querySelectorAll('.gap')].map(g => [g.textContent, g.offsetHeight])")
        self.assertEqual([words for words, _ in gaps], ["2s backoff", "4s backoff"])
        # To scale: twice as long is twice as high.
        self.assertAlmostEqual(gaps[1][1] / gaps[0][1], 2, delta=0.1)
        self.choose("a large order waits")
        gaps = self.run_js("return [...document.querySelectorAll('.gap')].map(g => [[...g.querySelectorAll('.body span')].map(s => s.textContent).join(' '), g.offsetHeight])")
        self.assertEqual([words for words, _ in gaps], ["≈ 2h wait", "1s"])
        self.assertLess(gaps[0][1], 200)

    def test_everything_works_by_keyboard(self):
        self.browser.press("/")
        self.assertEqual(self.run_js("return document.activeElement.id"), "search")
        self.browser.press("order")
        self.browser.press("ArrowDown")
        self.browser.press("ArrowDown")
        name = self.run_js("return document.activeElement.querySelector('.name').textContent")
        self.assertEqual(name, "a small order is charged at once")
        self.browser.press("Enter")
        told = self.browser.until("return document.querySelector('#story h2')?.textContent.includes('small order')")
        self.assertTrue(told)
        self.run_js("document.querySelector('button.row').focus()")
        self.browser.press("ArrowDown")
        self.browser.press("Enter")
        self.assertEqual(self.run_js("return document.activeElement.getAttribute('aria-expanded')"), "true")
        self.assertIn("Input → output", self.text("#story .detail"))
        outline = self.run_js("return getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid", "one sees where one is")

    def test_a_link_leads_to_a_scenario_and_back_leads_back(self):
        self.choose("a busy bank")
        address = self.run_js("return location.hash")
        self.page(1440, 1000, after=address)
        self.assertEqual(self.text("#story h2"), "a busy bank is asked again")
        self.choose("a large order")
        self.run_js("history.back()")
        self.assertTrue(self.browser.until("return document.querySelector('#story h2')?.textContent.includes('busy bank')"))

    def test_light_and_dark_follow_the_system_and_the_reader(self):
        paper = "return getComputedStyle(document.body).backgroundColor + getComputedStyle(document.querySelector('.view.shown .box')).stroke"
        light = self.run_js(paper)
        self.page(1440, 1000, "dark")
        dark = self.run_js(paper)
        self.assertNotEqual(light, dark)
        self.keep("dark")
        # System, light, dark.
        self.browser.click("#theme")
        self.assertEqual(self.run_js(paper), light)
        self.browser.click("#theme")
        self.assertEqual(self.run_js(paper), dark)
        self.page(1440, 1000, "light")
        self.assertEqual(self.run_js(paper), dark, "the choice is remembered")
        self.browser.click("#theme")

    def test_a_phone_needs_no_sideways_scroll(self):
        for name in ["this one is wrong", "one item of a thousand", "a large order waits", "all fifty states"]:
            self.page(375, 812)
            self.choose(name)
            self.run_js("document.querySelector('button.row').click()")
            self.run_js("document.querySelectorAll('.calls summary').forEach(s => s.click())")
            self.assertEqual(self.run_js("return document.documentElement.scrollWidth"), 375, name)
            self.keep("phone " + name)

    def test_words_can_be_told_from_what_is_behind_them(self):
        """The contrast of texts on their background, as WCAG counts it."""
        script = """
            const lum = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126*r + 0.7152*g + 0.0722*b; };
            const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                if (!/, 0\\)|transparent/.test(c)) return c; } return 'rgb(255,255,255)'; };
            const low = [];
            for (const e of document.querySelectorAll('h1,h2,h3,p,span,b,a,small,code,summary,td,th,button,pre,div.json,.diff div')) {
                if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
                if (e.closest('.skip, .sr, [aria-hidden]')) continue;
                const [a, b] = [lum(getComputedStyle(e).color), lum(behind(e))].sort((x, y) => y - x);
                const ratio = (a + 0.05) / (b + 0.05);
                if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${e.className} ${e.textContent.slice(0, 30)}`);
            }
            return low;
        """
        for scheme in ["light", "dark"]:
            for name in ["this one is wrong", "a busy bank", "one item of a thousand"]:
                self.page(1440, 1000, scheme)
                self.choose(name)
                self.run_js("document.querySelectorAll('button.row').forEach(r => r.click())")
                self.assertEqual(self.run_js(script), [], f"{name}, {scheme}")

    def test_a_map_of_a_thousand_items_is_told_in_a_few_rows(self):
        self.choose("one item of a thousand")
        took = self.run_js("""
            const link = [...document.querySelectorAll('.case')].find(c => c.textContent.includes('a thousand items'));
            history.replaceState(null, '', link.hash);
            const began = performance.now();
            dispatchEvent(new HashChangeEvent('hashchange'));
            return document.body.offsetHeight && performance.now() - began;
        """)
        self.assertLess(took, 1500, "it is told at once")
        self.assertEqual(self.text("#story h2"), "a thousand items")
        rows = self.run_js("return document.querySelectorAll('.rows > li').length")
        self.assertLess(rows, 60)
        self.assertIn("997 more like [0]", self.run_js("return document.querySelector('.rows').textContent"))
        self.keep("map", whole=True)
        self.choose("one item of a thousand")
        self.assertIn("[7]", self.run_js("return document.querySelector('.rows').textContent"))
        self.assertLess(os.path.getsize(self.url.removeprefix("file://")), 1_000_000)

    def test_fifty_states_have_no_text_on_text(self):
        self.choose("all fifty states")
        overlapping = """
            const boxes = [...document.querySelectorAll('.view.shown svg.rehearsal-graph text')].map(t => [t.textContent, t.getBoundingClientRect()]);
            const found = [];
            for (const [i, [a, p]] of boxes.entries()) for (const [b, q] of boxes.slice(i + 1)) {
                if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 2.5 && q.top < p.bottom - 2.5) found.push([a, b]);
            }
            return found;
        """
        self.assertEqual(self.run_js(overlapping), [])
        cut = """
            return [...document.querySelectorAll('.view.shown .node')].filter(n => {
                const box = n.querySelector('.box').getBoundingClientRect();
                return [...n.querySelectorAll(':scope > text')].some(t => t.getBoundingClientRect().right > box.right);
            }).map(n => n.dataset.point);
        """
        self.assertEqual(self.run_js(cut), [])
        self.keep("fifty", whole=True)

    def test_a_reader_without_script_sees_machines_and_scenarios(self):
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.page(1440, 1000)
            self.keep("without script")
        finally:
            self.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
        # Views are hidden by the script only.
        css = self.run_js("return [...document.styleSheets[0].cssRules].map(r => r.cssText).filter(t => t.includes('display: none'))")
        self.assertFalse([rule for rule in css if ".later" in rule and ".js" not in rule], css)

    def test_it_prints_without_what_is_for_the_screen(self):
        self.choose("a busy bank")
        self.browser.devtools("Emulation.setEmulatedMedia", media="print")
        hidden = self.run_js("return ['aside', '#theme', 'footer'].map(s => getComputedStyle(document.querySelector(s)).display)")
        self.assertEqual(hidden, ["none", "none", "none"])
        self.assertIn("What happened", self.text("#story"))
        # On paper nothing scrolls: the picture is whole, and nothing lies over it.
        for width in [700, 375]:
            self.page(width, 1000)
            self.choose("a busy bank")
            whole = """
                const [svg, frame, story] = ['.view.shown .graph svg', '.view.shown .graph', '#story']
                    .map(s => document.querySelector(s).getBoundingClientRect());
                return [svg.right <= frame.right, svg.bottom <= frame.bottom, frame.bottom <= story.top];
            """
            self.browser.devtools("Emulation.setEmulatedMedia", media="print")
            self.assertEqual(self.run_js(whole), [True, True, True])
            self.keep(f"print {width}", whole=True)
        self.browser.devtools("Emulation.setEmulatedMedia", media="")


if __name__ == "__main__":
    if "--pictures" in sys.argv:
        at = sys.argv.index("--pictures")
        PICTURES = os.path.abspath(sys.argv[at + 1])
        os.makedirs(PICTURES, exist_ok=True)
        del sys.argv[at : at + 2]
    unittest.main()
