//! How the members of an API are spelt in definitions: as the Java SDK spells them.

/// `DBInstanceIdentifier` is `DbInstanceIdentifier`, `TTL` is `Ttl`, `jobName` is `JobName`.
pub(super) fn sdk_name(member: &str) -> String {
    words(member)
        .iter()
        .map(|word| {
            let lower = word.to_ascii_lowercase();
            match lower.split_at_checked(1) {
                Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
                None => lower,
            }
        })
        .collect()
}

/// The same with nothing but its first letter changed, as optimised integrations spell most of them.
pub(super) fn capitalised(member: &str) -> String {
    match member.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
        None => member.to_owned(),
    }
}

/// The words of a name, each change from small to capital letters beginning one.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (i, c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| letters.get(i)).copied();
        let after = letters.get(i + 1).copied();
        let begins = match before {
            None => false,
            Some(before) => {
                // Behind a small letter, a capital that is not the last character; the last capital of several before a
                // small letter; a letter behind a digit.
                before.is_ascii_lowercase()
                    && c.is_ascii_uppercase()
                    && after.is_some_and(|a| a.is_ascii_alphanumeric())
                    || before.is_ascii_uppercase()
                        && c.is_ascii_uppercase()
                        && after.is_some_and(|a| a.is_ascii_lowercase())
                    || before.is_ascii_digit() && c.is_ascii_alphabetic()
            }
        };
        if !c.is_ascii_alphanumeric() || begins {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(*c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_spelt_as_the_sdk_spells_them() {
        for (member, want) in [
            ("TableName", "TableName"),
            ("TTL", "Ttl"),
            ("ETag", "ETag"),
            ("DBInstanceIdentifier", "DbInstanceIdentifier"),
            ("SSEKMSKeyId", "SsekmsKeyId"),
            ("jobName", "JobName"),
            ("MD5OfBody", "Md5OfBody"),
            ("VPCZoneIdentifier", "VpcZoneIdentifier"),
            ("x-amz-id", "XAmzId"),
        ] {
            assert_eq!(sdk_name(member), want, "{member}");
        }
    }
}
