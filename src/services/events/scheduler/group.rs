//! Groups of schedules.

use super::super::super::answer::Outcome;
use super::super::super::arn;
use super::super::super::error::ServiceError;
use super::super::refusal::{needed, page};
use super::super::{Cx, Events, seconds, tag_list};
use super::{conflict, invalid, is_again, known, name, not_found, with_token};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// A group that somebody made.
#[derive(Debug)]
pub(super) struct Group {
    created: Timestamp,
    tags: Map,
    /// The request that made it, where that had a token.
    made_by: Option<Value>,
}

fn arn_of(name: &str) -> String {
    arn::of("scheduler", &format!("schedule-group/{name}"))
}

fn shown(name: &str, group: Option<&Group>) -> Map {
    let mut shown = Map::new();
    shown.insert("Arn", arn_of(name));
    shown.insert("Name", name);
    shown.insert("State", "ACTIVE");
    if let Some(group) = group {
        shown.insert("CreationDate", seconds(group.created));
        shown.insert("LastModificationDate", seconds(group.created));
    }
    shown
}

impl Group {
    fn tag(&mut self, tags: &[Value]) {
        for tag in tags {
            if let Some(key) = tag.get("Key").and_then(Value::as_str) {
                self.tags.insert(key, tag.get("Value").cloned().unwrap_or_default());
            }
        }
    }
}

impl Events {
    pub(super) fn group_is_there(&self, group: &str) -> Result<(), ServiceError> {
        match group == "default" || self.scheduler.groups.contains_key(group) {
            true => Ok(()),
            false => Err(not_found("Schedule group", group)),
        }
    }

    pub(super) fn create_group(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx, "Name")?;
        let made = || Ok(Value::object([("ScheduleGroupArn", Value::from(arn_of(name)))]));
        if self.group_is_there(name).is_ok() {
            let other = self.scheduler.groups.get(name);
            return match is_again(cx, other.and_then(|group| group.made_by.as_ref())) {
                true => made(),
                false => Err(conflict("Schedule group", name)),
            };
        }
        let mut group = Group { created: cx.around.now, tags: Map::new(), made_by: with_token(cx) };
        group.tag(cx.input.items("Tags"));
        self.scheduler.groups.insert(name.to_owned(), group);
        made()
    }

    pub(super) fn get_group(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx, "Name")?;
        self.group_is_there(name)?;
        Ok(shown(name, self.scheduler.groups.get(name)).into())
    }

    /// With all that is in it.
    pub(super) fn delete_group(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx, "Name")?;
        if name == "default" {
            return Err(invalid("The default schedule group cannot be deleted."));
        }
        self.group_is_there(name)?;
        self.scheduler.groups.remove(name);
        self.scheduler.schedules.retain(|(group, _), _| group != name);
        Ok(Value::empty_object())
    }

    pub(super) fn list_groups(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("NamePrefix").unwrap_or_default();
        let made = self.scheduler.groups.iter().map(|(name, group)| (name.as_str(), Some(group)));
        let mut all: Vec<_> = made.chain([("default", None)]).filter(|(name, _)| name.starts_with(prefix)).collect();
        all.sort_by_key(|(name, _)| *name);
        let all = all.into_iter().map(|(name, group)| Value::from(shown(name, group))).collect();
        page(cx.input, "MaxResults", "ScheduleGroups", all).map_err(known)
    }

    fn group_tagged(&mut self, cx: &Cx<'_, '_>) -> Result<&mut Group, ServiceError> {
        let arn = needed(cx.input, "ResourceArn").map_err(known)?;
        let name = arn.rsplit('/').next().unwrap_or_default();
        self.scheduler
            .groups
            .get_mut(name)
            .filter(|_| arn_of(name) == arn)
            .ok_or_else(|| not_found("Schedule group", name))
    }

    pub(super) fn list_group_tags(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let tags = tag_list(&self.group_tagged(cx)?.tags);
        Ok(Value::object([("Tags", Value::array(tags))]))
    }

    pub(super) fn tag_group(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        self.group_tagged(cx)?.tag(cx.input.items("Tags"));
        Ok(Value::empty_object())
    }

    pub(super) fn untag_group(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let group = self.group_tagged(cx)?;
        for key in cx.input.items("TagKeys").iter().filter_map(Value::as_str) {
            group.tags.remove(key);
        }
        Ok(Value::empty_object())
    }
}
