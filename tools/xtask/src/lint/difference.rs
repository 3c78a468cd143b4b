//! How two texts differ, line by line.

/// The lines that only one of them has, in order: `- ` what is written down, `+ ` what was found.
pub fn lines(written: &str, found: &str) -> Vec<String> {
    let written: Vec<&str> = written.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let start = written
        .iter()
        .zip(&found)
        .take_while(|(one, other)| one == other)
        .count();
    let (written, found) = (&written[start..], &found[start..]);
    // longest[i][j]: the longest common subsequence of what follows line i of one and line j of the other.
    let mut longest = vec![vec![0_u32; found.len() + 1]; written.len() + 1];
    for (i, line) in written.iter().enumerate().rev() {
        for (j, other) in found.iter().enumerate().rev() {
            longest[i][j] = if line == other {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut differences = Vec::new();
    while i < written.len() || j < found.len() {
        if i < written.len() && j < found.len() && written[i] == found[j] {
            i += 1;
            j += 1;
        } else if j == found.len() || (i < written.len() && longest[i + 1][j] >= longest[i][j + 1])
        {
            differences.push(format!("- {}", written[i]));
            i += 1;
        } else {
            differences.push(format!("+ {}", found[j]));
            j += 1;
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_text_only_are_named_in_order() {
        assert_eq!(
            lines("a\nb\nc\nd\n", "a\nc\nx\nd\ny\n"),
            ["- b", "+ x", "+ y"]
        );
        assert_eq!(lines("", "a\n"), ["+ a"]);
        assert_eq!(lines("a\nb\n", ""), ["- a", "- b"]);
        assert!(lines("a\na\n", "a\na\n").is_empty());
    }
}
