//! A comparison as an SVG: one bar per side, a line over its middle half, and the machine below. Written without a
//! library: plotting crates write no style rules, which let one file fit light and dark pages.

use crate::report::Comparison;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::Path;

const WIDTH: f64 = 820.0;
/// The largest width of a character of a label.
const LETTER: f64 = 6.8;
const RIGHT: f64 = 110.0;
const ROW: f64 = 30.0;
const TOP: f64 = 56.0;
/// The most characters of a line of the caption.
const LINE: usize = 118;

const STYLE: &str = "\
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }\n\
.title { font-size: 15px; font-weight: 600; }\n\
.small { font-size: 11px; fill: #59636e; }\n\
.ours { fill: #1a7f64; }\n\
.theirs { fill: #9aa4af; }\n\
.range { stroke: #1f2328; stroke-width: 1.5; }\n\
.axis { stroke: #9aa4af; stroke-width: 1; }\n\
@media (prefers-color-scheme: dark) {\n\
text { fill: #e6edf3; }\n\
.small { fill: #9198a1; }\n\
.ours { fill: #3fb68f; }\n\
.theirs { fill: #59636e; }\n\
.range { stroke: #e6edf3; }\n\
.axis { stroke: #59636e; }\n\
}\n";

/// Writes the plot of a comparison into a folder.
pub fn write(folder: &Path, comparison: &Comparison, caption: &str) -> Result<()> {
    let path = folder.join(format!("{}.svg", comparison.name));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, svg(comparison, caption)))
        .with_context(|| format!("writing {}", path.display()))
}

#[allow(clippy::cast_precision_loss)]
fn svg(comparison: &Comparison, caption: &str) -> String {
    let sides = &comparison.sides;
    let lines: Vec<String> = comparison
        .notes
        .iter()
        .map(String::as_str)
        .chain([caption])
        .flat_map(|text| wrap(text, LINE))
        .collect();
    let bottom = TOP + ROW * sides.len() as f64;
    let height = bottom + 26.0 + 15.0 * lines.len() as f64;
    let most = sides
        .iter()
        .map(|side| side.summary.high.max(side.summary.median));
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let longest = sides.iter().map(|side| side.name.chars().count()).max();
    let left = (longest.unwrap_or(0) as f64 * LETTER + 24.0).round();
    let scale = (WIDTH - left - RIGHT) / most;
    let title = escape(&format!(
        "{} ({})",
        comparison.title,
        comparison.unit.name()
    ));

    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>\n{STYLE}</style>\n<text class=\"title\" x=\"12\" y=\"26\">{title}</text>\n"
    );
    // Writing to a string cannot fail.
    for (index, side) in sides.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let (middle, baseline) = (y + ROW / 2.0, y + ROW / 2.0 + 4.5);
        let summary = side.summary;
        let class = if side.is_ours { "ours" } else { "theirs" };
        let (low, high) = (left + summary.low * scale, left + summary.high * scale);
        let number = comparison.unit.write(summary.median);
        let _ = write!(
            text,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"{class}\" x=\"{left}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n\
             <line class=\"range\" x1=\"{low:.1}\" y1=\"{middle:.1}\" x2=\"{high:.1}\" y2=\"{middle:.1}\"/>\n\
             <text x=\"{:.1}\" y=\"{baseline:.1}\">{number}</text>\n",
            left - 10.0,
            escape(&side.name),
            y + 4.0,
            (summary.median * scale).max(1.0),
            ROW - 8.0,
            high.max(left + summary.median * scale) + 8.0,
        );
    }
    let _ = writeln!(
        text,
        "<line class=\"axis\" x1=\"{left}\" y1=\"{TOP}\" x2=\"{left}\" y2=\"{bottom}\"/>"
    );
    for (index, line) in lines.iter().enumerate() {
        let y = bottom + 24.0 + 15.0 * index as f64;
        let _ = writeln!(
            text,
            "<text class=\"small\" x=\"12\" y=\"{y}\">{}</text>",
            escape(line)
        );
    }
    text.push_str("</svg>\n");
    text
}

/// Lines of at most this many characters, broken between words.
fn wrap(text: &str, length: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > length {
                lines.push(word.to_owned());
            } else {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
    }
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Unit;

    #[test]
    fn a_plot_names_its_sides_its_numbers_and_the_machine() {
        let mut comparison = Comparison::new("test", "a <test>", Unit::Bytes);
        comparison.side("ours & only", &[10.0, 20.0, 30.0], true);
        let text = svg(&comparison, "machine");
        for part in [
            "a &lt;test&gt; (bytes)",
            "ours &amp; only",
            ">20<",
            "machine",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn long_captions_are_broken_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
