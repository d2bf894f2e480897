//! The page itself: what is to be read stands in it as markup, what the script needs as data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::entry::{Ended, Entry};
use super::picture;
use crate::coverage::MachineCoverage;
use crate::graph::{DARK, STYLE, escaped};

const SCRIPT: &str = include_str!("assets/report.js");
const LOOKS: &str = include_str!("assets/report.css");
const DARK_LOOKS: &str = include_str!("assets/report-dark.css");

pub(super) fn render(machines: &[MachineCoverage], entries: &[Entry]) -> String {
    let mut order: Vec<usize> = (0..machines.len()).collect();
    order.sort_by(|a, b| machines[*a].order().cmp(&machines[*b].order()));
    let style = style();
    let mut page = Page { machines, entries, order, text: String::new() };
    page.head(&style);
    page.list();
    page.views();
    page.data();
    page.text
}

/// The rules for light and dark, by the system's wish or the reader's.
fn style() -> String {
    let (dark, graph) = (DARK_LOOKS.trim(), DARK.trim());
    format!(
        "\n{}\n{}\n@media (prefers-color-scheme: dark) {{\n:root:not([data-theme=light]) {{\n{dark}\n}}\n\
         :root:not([data-theme=light]) .rehearsal-graph {{\n{graph}\n}}\n}}\n\
         :root[data-theme=dark] {{\n{dark}\n}}\n:root[data-theme=dark] .rehearsal-graph {{\n{graph}\n}}\n",
        STYLE.trim(),
        LOOKS.trim()
    )
}

/// What a policy knows a script or a style by.
fn fingerprint(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text.as_bytes())))
}

struct Page<'a> {
    machines: &'a [MachineCoverage],
    entries: &'a [Entry],
    /// The machines in the order of their names.
    order: Vec<usize>,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn count(&self, result: Ended) -> usize {
        self.entries.iter().filter(|entry| entry.result == result).count()
    }

    fn summary(&self) -> Vec<(usize, &'static str, &'static str)> {
        let words = [
            (Ended::Failed, "failed"),
            (Ended::Passed, "passed"),
            (Ended::NotRun, "not run"),
            (Ended::Unknown, "tests"),
        ];
        let all = words.into_iter().map(|(result, word)| (self.count(result), word, result.word()));
        all.filter(|(count, _, _)| *count > 0).collect()
    }

    fn head(&mut self, style: &str) {
        let (scripts, styles) = (fingerprint(SCRIPT), fingerprint(style));
        let summary = self.summary();
        let title: Vec<String> = summary.iter().map(|(count, word, _)| format!("{count} {word}")).collect();
        let title = if title.is_empty() { "nothing ran".to_owned() } else { title.join(", ") };
        self.line("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        self.line(&format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {scripts}; style-src \
             {styles}; img-src data:; base-uri 'none'; form-action 'none'\">"
        ));
        self.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        self.line("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">");
        self.line(&format!("<title>rehearsal · {title}</title>\n<style>{style}</style>\n</head>\n<body>"));
        self.line("<a class=\"skip\" href=\"#main\">Skip the list of scenarios</a>\n<header class=\"top\">");
        self.line("<h1>rehearsal</h1>\n<p class=\"sums\">");
        for (count, word, class) in summary {
            self.line(&format!("<span class=\"sum {class}\"><b>{count}</b> {word}</span>"));
        }
        let machines = match self.machines.len() {
            1 => "1 machine".to_owned(),
            n => format!("{n} machines"),
        };
        self.line(&format!("<span class=\"sum\">{machines}</span>\n</p>"));
        self.line(
            "<button id=\"theme\" type=\"button\" hidden>Theme: system</button>\n</header>\n<div class=\"page\">",
        );
    }

    /// Search, filters, and the scenarios under their machines.
    fn list(&mut self) {
        self.line("<aside aria-label=\"Scenarios\">\n<div class=\"find\">");
        self.line(
            "<input id=\"search\" type=\"search\" aria-label=\"Search scenarios\" placeholder=\"Search scenarios\" \
             autocomplete=\"off\" spellcheck=\"false\">",
        );
        self.line("<div class=\"chips\" role=\"group\" aria-label=\"Which scenarios\">");
        let all = self.entries.len();
        self.line(&format!(
            "<button type=\"button\" class=\"chip\" data-show=\"\" aria-pressed=\"true\">All <b>{all}</b></button>"
        ));
        for (count, word, class) in self.summary().into_iter().filter(|(count, _, _)| *count < all) {
            self.line(&format!(
                "<button type=\"button\" class=\"chip {class}\" data-show=\"{class}\" aria-pressed=\"false\">{word} \
                 <b>{count}</b></button>"
            ));
        }
        self.line("</div>\n<button id=\"through\" type=\"button\" class=\"chip\" hidden></button>");
        self.line(
            "<p id=\"shown\" role=\"status\"></p>\n</div>\n<nav id=\"list\" aria-label=\"Scenarios by machine\">",
        );
        for machine in self.order.clone() {
            let of = &self.machines[machine];
            let (reached, points) = reached(of);
            let percent = percent(reached, points);
            let name = escaped(of.name());
            self.line(&format!(
                "<section class=\"group\">\n<h2><a class=\"machine\" href=\"#machine-{machine}\" \
                 data-machine=\"{machine}\"><span class=\"name\">{name}</span>{}<span class=\"share\">{percent} \
                 %</span></a></h2>",
                bar(reached, points)
            ));
            self.group(Some(machine));
        }
        if self.entries.iter().any(|entry| entry.machine.is_none()) {
            self.line("<section class=\"group\">\n<h2>Files that cannot be read</h2>");
            self.group(None);
        }
        self.line("</nav>\n</aside>");
    }

    fn group(&mut self, machine: Option<usize>) {
        self.line("<ul>");
        for (id, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.machine == machine) {
            let class = entry.result.word();
            let (mark, said) = match entry.result {
                Ended::Passed => ("✓", "passed: "),
                Ended::Failed => ("✗", "failed: "),
                Ended::NotRun => ("–", "not run: "),
                Ended::Unknown => ("·", ""),
            };
            let words = escaped(&format!("{} {}", entry.file, entry.tags.join(" ")));
            let (name, note) = (escaped(&entry.name), escaped(&entry.note));
            let _ = writeln!(
                self.text,
                "<li><a class=\"case {class}\" href=\"#case-{id}\" data-case=\"{id}\" data-words=\"{words}\"><span \
                 class=\"mark\" aria-hidden=\"true\">{mark}</span><span class=\"sr\">{said}</span><span \
                 class=\"name\">{name}</span><span class=\"note\">{note}</span></a></li>"
            );
        }
        self.line("</ul>\n</section>");
    }

    /// A view for every machine: shares, picture, and what is missing.
    fn views(&mut self) {
        self.line("<main id=\"main\" tabindex=\"-1\">");
        for (place, machine) in self.order.clone().into_iter().enumerate() {
            let of = &self.machines[machine];
            // Without a script, all of them are to be read.
            let class = if place == 0 { "view" } else { "view later" };
            let name = escaped(of.name());
            self.line(&format!(
                "<section class=\"{class}\" id=\"view-{machine}\" data-machine=\"{machine}\" aria-label=\"The machine \
                 {name}\">\n<div class=\"left\">\n<header>\n<h2>{name}</h2>"
            ));
            if let Some(file) = of.file() {
                self.line(&format!("<p class=\"file\">{}</p>", escaped(file)));
            }
            self.line("</header>\n<ul class=\"bars\">");
            for (kind, share) in of.shares() {
                let class = if share.is_whole() { " class=\"whole\"" } else { "" };
                self.line(&format!(
                    "<li{class}><span class=\"word\">{}</span>{}<span class=\"share\">{share}</span></li>",
                    kind.word(),
                    bar(share.reached, share.of)
                ));
            }
            self.line("</ul>");
            match picture::picture(of) {
                Some(svg) => {
                    self.line(&format!(
                        "<div class=\"graph\" tabindex=\"0\" role=\"region\" aria-label=\"The graph of {name}\">\n{svg}</div>\n\
                         <p class=\"legend\"><span class=\"key covered\">covered</span> <span class=\"key uncovered\">never \
                         covered</span> <span class=\"key on-path\">the chosen scenario</span> <button type=\"button\" \
                         class=\"size\" aria-pressed=\"false\" hidden>Actual size</button></p>"
                    ));
                }
                None => self.line("<p class=\"hint\">There is no picture: the definition needs more than itself.</p>"),
            }
            self.line("</div>\n<div class=\"right\">");
            self.missing(machine);
            self.line("</div>\n</section>");
        }
        if self.machines.is_empty() && self.entries.is_empty() {
            self.line("<p class=\"hint\">There is no machine.</p>");
        }
        self.line("<section id=\"story\" aria-label=\"The chosen scenario\" tabindex=\"-1\" hidden></section>\n</main>\n</div>");
        self.line(
            "<footer><p><kbd>/</kbd> search · <kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> open · <kbd>Esc</kbd> back · \
             click a state or a way to see the scenarios that reach it</p></footer>\n\
             <noscript><p class=\"hint\">Scenarios open with JavaScript; the pictures and shares are here without.</p></noscript>",
        );
    }

    fn missing(&mut self, machine: usize) {
        let of = &self.machines[machine];
        let missing: Vec<_> = of.missing().collect();
        self.line("<section class=\"missing\">");
        if missing.is_empty() {
            self.line(
                "<h3>Nothing is missing</h3>\n<p class=\"hint\">Every point of the machine is reached.</p>\n</section>",
            );
            return;
        }
        self.line("<h3>Never reached</h3>\n<ul>");
        for point in missing {
            let id = escaped(&picture::id(point));
            let subject = if point.state.is_empty() { "the machine" } else { &point.state };
            let (subject, text) = (escaped(subject), escaped(&point.missing()));
            let line = point.line.map(|line| format!("<span class=\"line\">line {line}</span>")).unwrap_or_default();
            self.line(&format!(
                "<li><button type=\"button\" class=\"point\" data-point=\"{id}\"><b>{subject}</b> {text} {line}</button></li>"
            ));
        }
        self.line("</ul>\n</section>");
    }

    /// What the script reads, one block for every machine and every scenario, so that only what is looked at is taken in.
    fn data(&mut self) {
        for (id, machine) in self.machines.iter().enumerate() {
            let points: Vec<String> = machine.points().iter().map(picture::id).collect();
            let mut paths: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (case, entry) in self.entries.iter().enumerate() {
                let path: Vec<usize> = machine.reached_by(&entry.test).map(|(point, _)| point).collect();
                if !path.is_empty() {
                    paths.insert(case.to_string(), path);
                }
            }
            let block = block(&format!("machine-data-{id}"), &json!({ "points": points, "paths": paths }));
            self.line(&block);
        }
        for (id, entry) in self.entries.iter().enumerate() {
            let mut data = entry.data.clone();
            data["name"] = json!(entry.name);
            data["file"] = json!(entry.file);
            data["result"] = json!(entry.result.word());
            data["machine"] = json!(entry.machine);
            data["tags"] = json!(entry.tags);
            data["note"] = json!(entry.note);
            let block = block(&format!("case-data-{id}"), &data);
            self.line(&block);
        }
        self.line(&format!("<script>{SCRIPT}</script>\n</body>\n</html>"));
    }
}

/// Data in a script element, in which nothing can end it or begin a comment.
fn block(id: &str, data: &Json) -> String {
    let text = data.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    format!("<script type=\"application/json\" id=\"{id}\">{text}</script>")
}

fn reached(machine: &MachineCoverage) -> (usize, usize) {
    let counts = machine.counts();
    (counts.iter().filter(|count| **count > 0).count(), counts.len())
}

/// In whole percent; 100 only where nothing is missing.
fn percent(reached: usize, of: usize) -> usize {
    (reached * 100).checked_div(of).unwrap_or(100)
}

/// A bar; the words beside it say the same.
fn bar(reached: usize, of: usize) -> String {
    let width = percent(reached, of);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" \
         width=\"100\" height=\"6\"/><rect class=\"fill\" width=\"{width}\" height=\"6\"/></svg>"
    )
}
