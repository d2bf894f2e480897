//! XML as S3 has it, to values and back.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use crate::value::{Map, Value};

/// How deeply elements may nest, and how many a body may have: a request to delete 1,000 objects has 3,000 and a few.
const MOST_DEPTH: usize = 16;
const MOST_ELEMENTS: usize = 100_000;

/// The namespace of every answer.
pub(super) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// An element with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

/// Lists: the member, the element around all entries where there is one, and that of each entry.
const LISTS: &[(&str, Option<&str>, &str)] = &[
    ("Buckets", Some("Buckets"), "Bucket"),
    ("ChecksumAlgorithm", None, "ChecksumAlgorithm"),
    ("CommonPrefixes", None, "CommonPrefixes"),
    ("Contents", None, "Contents"),
    ("DeleteMarkers", None, "DeleteMarker"),
    ("Deleted", None, "Deleted"),
    ("Errors", None, "Error"),
    ("Events", None, "Event"),
    ("FilterRules", None, "FilterRule"),
    ("LambdaFunctionConfigurations", None, "CloudFunctionConfiguration"),
    ("Objects", None, "Object"),
    ("Parts", None, "Part"),
    ("QueueConfigurations", None, "QueueConfiguration"),
    ("TagSet", Some("TagSet"), "Tag"),
    ("Tags", Some("Tags"), "Tag"),
    ("TopicConfigurations", None, "TopicConfiguration"),
    ("Uploads", None, "Upload"),
    ("Versions", None, "Version"),
];

/// Members that are called otherwise in XML: in which element, as what, and the member.
const RENAMED: [(&str, &str, &str); 6] = [
    ("QueueConfiguration", "Queue", "QueueArn"),
    ("TopicConfiguration", "Topic", "TopicArn"),
    ("CloudFunctionConfiguration", "CloudFunction", "LambdaFunctionArn"),
    ("Filter", "S3Key", "Key"),
    ("ObjectParts", "PartsCount", "TotalPartsCount"),
    ("VersioningConfiguration", "MfaDelete", "MFADelete"),
];

/// Reads a document; nothing where it is none, or one that nobody would send.
pub(super) fn parsed(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                count += 1;
                if open.len() >= MOST_DEPTH || count > MOST_ELEMENTS || root.is_some() {
                    return None;
                }
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::End(_) => {
                let done = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) => open.last_mut().into_iter().for_each(|e| e.text.push_str(&text.xml10_content())),
            Event::CData(text) => open.last_mut().into_iter().for_each(|e| e.text.push_str(&text.xml10_content())),
            Event::GeneralRef(reference) => {
                let letter = match reference.resolve_char_ref().ok()? {
                    Some(letter) => letter,
                    None => match &*reference {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        // Entities of its own no document here has.
                        _ => return None,
                    },
                };
                open.last_mut()?.text.push(letter);
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => {}
        }
    }
    root.filter(|_| open.is_empty())
}

/// An element as the value that its member is.
pub(super) fn to_value(element: &Element) -> Value {
    if element.children.is_empty() {
        return match (element.name.as_str(), element.text.trim()) {
            ("TagSet" | "Tags", _) => Value::array(Vec::new()),
            ("Quiet", text) => Value::Bool(text == "true"),
            ("Delete" | "Tagging" | "CompleteMultipartUpload" | "EventBridgeConfiguration", "")
            | ("NotificationConfiguration" | "VersioningConfiguration" | "CreateBucketConfiguration", "") => {
                Value::empty_object()
            }
            _ => element.text.as_str().into(),
        };
    }
    let mut members = Map::new();
    for child in &element.children {
        let wrapped = LISTS.iter().find(|(_, around, _)| *around == Some(&*child.name));
        if let Some((member, ..)) = wrapped {
            members.insert(*member, Value::array(child.children.iter().map(to_value).collect()));
            continue;
        }
        let flat = LISTS.iter().find(|(_, around, each)| around.is_none() && *each == child.name);
        if let Some((member, ..)) = flat.filter(|(member, ..)| *member != "ChecksumAlgorithm") {
            let mut all = match members.remove(member) {
                Some(Value::Array(list)) => list.iter().cloned().collect(),
                _ => Vec::new(),
            };
            all.push(to_value(child));
            members.insert(*member, Value::array(all));
            continue;
        }
        let renamed = RENAMED.iter().find(|(of, name, _)| *of == element.name && *name == child.name);
        members.insert(renamed.map_or(child.name.as_str(), |(.., member)| member), to_value(child));
    }
    members.into()
}

/// Writes a document whose root is this element.
pub(super) fn document(root: &str, value: &Value) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&format!("<{root} xmlns=\"{NAMESPACE}\">"));
    content(root, value, &mut text);
    text.push_str(&format!("</{root}>"));
    text
}

/// An error's document, which has no namespace.
pub(super) fn error_document(members: &[(&str, String)]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    for (name, value) in members {
        element(name, &Value::from(value.as_str()), &mut text);
    }
    text.push_str("</Error>");
    text
}

fn element(name: &str, value: &Value, text: &mut String) {
    text.push('<');
    text.push_str(name);
    text.push('>');
    content(name, value, text);
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

fn content(of: &str, value: &Value, text: &mut String) {
    match value {
        Value::Null => {}
        Value::Object(members) => members.iter().for_each(|(name, value)| member(of, name, value, text)),
        Value::String(plain) => write_text(of, plain, text),
        other => text.push_str(&other.to_string()),
    }
}

fn member(of: &str, name: &str, value: &Value, text: &mut String) {
    if let Value::Array(entries) = value {
        let (around, each) = LISTS.iter().find(|(own, ..)| *own == name).map_or((None, name), |(_, a, e)| (*a, *e));
        let mut inner = String::new();
        entries.iter().for_each(|entry| element(each, entry, &mut inner));
        match around {
            Some(around) => text.push_str(&format!("<{around}>{inner}</{around}>")),
            None => text.push_str(&inner),
        }
        return;
    }
    let renamed = RENAMED.iter().find(|(parent, _, own)| *parent == of && *own == name);
    element(renamed.map_or(name, |(_, name, _)| name), value, text);
}

fn write_text(of: &str, plain: &str, text: &mut String) {
    // Dates have milliseconds here.
    if matches!(of, "LastModified" | "CreationDate" | "Initiated")
        && let Some(seconds) = plain.strip_suffix('Z')
    {
        text.push_str(seconds);
        text.push_str(".000Z");
        return;
    }
    for (i, part) in escape(plain).split(|c: char| c.is_control() && c != '\t').enumerate() {
        if i > 0 {
            let letter = plain.chars().filter(|c| c.is_control() && !matches!(c, '\t' | '\r')).nth(i - 1);
            text.push_str(&format!("&#{};", letter.map_or(0, u32::from)));
        }
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_and_written() {
        let body = "<?xml version=\"1.0\"?><Delete xmlns=\"x\"><Object><Key>a&amp;b&#x21;</Key></Object>\
                    <Object><Key><![CDATA[c<d]]></Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>";
        let value = to_value(&parsed(body).unwrap());
        let want = r#"{"Objects":[{"Key":"a&b!"},{"Key":"c<d","VersionId":"v"}],"Quiet":true}"#;
        assert_eq!(value.to_string(), want);
        let tags = Value::parse(r#"{"TagSet":[{"Key":"a","Value":"<1\n\r>"}]}"#).unwrap();
        let written = document("Tagging", &tags);
        assert!(
            written.ends_with("<TagSet><Tag><Key>a</Key><Value>&lt;1&#10;&#13;&gt;</Value></Tag></TagSet></Tagging>"),
            "{written}"
        );
        assert_eq!(to_value(&parsed(&written).unwrap()), tags);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(50);
        let wrong = [
            "",
            "<a>",
            "<a></b>",
            "no",
            "<a>&bomb;</a>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
            "<a/><b/>",
            "<a>&#0;</a>",
            &deep,
        ];
        for text in wrong {
            assert!(parsed(text).is_none(), "{text}");
        }
    }
}
