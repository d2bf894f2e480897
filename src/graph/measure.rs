//! How wide a text is, without asking a font.
//!
//! The widths are those of Helvetica, which Arial and Liberation Sans share, and a little more: where another font stands
//! in for it, a text may come close to the edge of its box but not over it.

/// Room for fonts that are wider than Helvetica.
const ALLOWANCE: f64 = 1.12;

/// Of characters 32 to 126, in thousandths of the font's size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// How wide a text is at a size, both in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| f64::from(thousandths(c))).sum::<f64>() * size * ALLOWANCE / 1000.0
}

fn thousandths(c: char) -> u16 {
    match c as u32 {
        code @ 32..=126 => WIDTHS.get(code as usize - 32).copied().unwrap_or(1000),
        // Marks that stand over the character before them, and what joins characters.
        0..=31 | 127..=159 | 0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        160..=0x10ff | 0x2000..=0x20ff => 640,
        _ => 1050,
    }
}

/// A text in lines that are no wider than asked; what does not fit into the last one is cut.
///
/// Lines end at blanks where there are any, else behind a sign that parts words in names, else anywhere.
pub(super) fn lines(text: &str, size: f64, widest: f64, most: usize) -> Vec<String> {
    let mut rest = text.trim();
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if lines.len() + 1 >= most.max(1) {
            lines.push(cut(rest, size, widest));
            break;
        }
        let end = end_of_line(rest, size, widest);
        let (line, after) = rest.split_at(end);
        lines.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    lines
}

/// A text that is no wider than asked, with a sign where something is missing.
pub(super) fn cut(text: &str, size: f64, widest: f64) -> String {
    if width(text, size) <= widest {
        return text.to_owned();
    }
    let room = widest - width("…", size);
    let end = fitting(text, size, room);
    format!("{}…", text.get(..end).unwrap_or_default().trim_end())
}

/// Where the characters end that fit; at least one does.
fn fitting(text: &str, size: f64, widest: f64) -> usize {
    let mut so_far = 0.0;
    for (at, c) in text.char_indices() {
        so_far += f64::from(thousandths(c)) * size * ALLOWANCE / 1000.0;
        if so_far > widest && at > 0 {
            return at;
        }
    }
    text.len()
}

fn end_of_line(text: &str, size: f64, widest: f64) -> usize {
    let end = fitting(text, size, widest);
    if end == text.len() {
        return end;
    }
    let fits = text.get(..end).unwrap_or_default();
    // A blank right behind what fits ends the line as well.
    if text.get(end..).is_some_and(|after| after.starts_with(' ')) {
        return end;
    }
    let at_blank = fits.rfind(' ').map(|at| at + 1);
    let at_sign = || fits.rfind(['.', ':', '_', '-', '/', ',']).map(|at| at + 1);
    let at_hump = || {
        let humps = fits.char_indices().zip(fits.chars().skip(1).chain(text.get(end..).and_then(|t| t.chars().next())));
        humps.filter(|((_, a), b)| a.is_lowercase() && b.is_uppercase()).map(|((at, a), _)| at + a.len_utf8()).last()
    };
    // A line that is nearly empty helps nobody.
    let worthwhile = |at: &usize| *at * 3 > end;
    at_blank
        .filter(worthwhile)
        .or_else(|| at_sign().filter(worthwhile))
        .or_else(|| at_hump().filter(worthwhile))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_is_lost_before_the_last() {
        for text in [
            "order.total > 1000 and order.customer.rank = \"GOLD\" or order.isGift",
            "Lambda.TooManyRequestsException, Lambda.ServiceException",
            "WaitForTheWarehouseToAnswerAboutTheParcel",
            "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
            "注文を確認して倉庫に連絡する長い状態の名前",
            "x",
        ] {
            for widest in [60.0, 100.0, 240.0] {
                let found = lines(text, 12.0, widest, 99);
                assert!(found.iter().all(|line| width(line, 12.0) <= widest), "{found:?}");
                let plain = |t: &str| t.split_whitespace().collect::<String>();
                assert_eq!(plain(&found.concat()), plain(text));
                let two = lines(text, 12.0, widest, 2);
                assert!(two.len() <= 2 && two.iter().all(|line| width(line, 12.0) <= widest), "{two:?}");
                assert_eq!(two.last().unwrap().ends_with('…'), found.len() > 2, "{two:?}");
            }
        }
        assert_eq!(lines("", 12.0, 100.0, 3), Vec::<String>::new());
    }

    #[test]
    fn lines_end_where_words_end() {
        assert_eq!(lines("total > 1000 and paid = true", 12.0, 110.0, 3), ["total > 1000 and", "paid = true"]);
        assert_eq!(lines("WaitForTheWarehouse", 12.0, 100.0, 3), ["WaitForThe", "Warehouse"]);
        assert_eq!(lines("Lambda.TooManyRequests", 12.0, 120.0, 3), ["Lambda.", "TooManyRequests"]);
    }
}
