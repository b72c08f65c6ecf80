//! Systems Manager: the state of change calendars.
use super::request::ssm;
use crate::{
    clock::{self, Millis, SECOND, rfc3339},
    scenario::{CalendarEntry, CalendarState},
    wire::{AwsError, Call},
    world::World,
};
use serde_json::json;

/// Answers `GetCalendarState`: open if all calendars are open. A calendar is given by name or, as a shared one must be,
/// by ARN.
pub fn get_calendar_state(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let names = request.texts("CalendarNames", 100)?;
    if names.is_empty() {
        return Err(request.refuse("CalendarNames", "Member must not be null"));
    }
    let at = match request.text("AtTime")? {
        None => world.now.div_euclid(SECOND) * SECOND,
        Some(text) => clock::parse(text).map_err(|_| request.refuse("AtTime", "Member must be an ISO 8601 time"))?,
    };
    let mut calendars = Vec::new();
    for name in &names {
        let short = name.rsplit_once(":document/").map_or(name.as_str(), |(_, short)| short);
        let known = world.calendars.iter().find(|calendar| calendar.name == short);
        calendars.push(known.ok_or_else(|| AwsError::new("InvalidDocument", format!("{name} does not exist.")))?);
    }
    let state = |at| {
        let open = calendars.iter().all(|calendar| state(calendar, at) == CalendarState::Open);
        if open { "OPEN" } else { "CLOSED" }
    };
    let now = state(at);
    let mut changes: Vec<_> = calendars.iter().flat_map(|calendar| times(calendar)).filter(|time| *time > at).collect();
    changes.sort_unstable();
    let mut answer = json!({"State": now, "AtTime": rfc3339(at)});
    if let Some(next) = changes.into_iter().find(|time| state(*time) != now) {
        answer["NextTransitionTime"] = json!(rfc3339(next));
    }
    Ok(answer.to_string())
}

fn times(calendar: &CalendarEntry) -> impl Iterator<Item = Millis> {
    // The check of the scenario has read every time before.
    calendar.changes.iter().filter_map(|change| clock::parse(&change.at).ok())
}

fn state(calendar: &CalendarEntry, at: Millis) -> CalendarState {
    let past = times(calendar).zip(&calendar.changes).filter(|(time, _)| *time <= at);
    past.max_by_key(|(time, _)| *time).map_or(calendar.state, |(_, change)| change.to)
}

#[cfg(test)]
mod tests {
    use crate::testing::Lab;
    use serde_json::{Value, json};

    const CALENDARS: &str = r#"calendars:
  - {name: freeze, state: OPEN, changes: [{at: "2026-11-14T00:00:00Z", to: OPEN}, {at: "2026-11-12T00:00:00Z", to: CLOSED}]}
  - {name: nights, state: CLOSED, changes: [{at: "2026-11-10T20:00:00Z", to: OPEN}]}"#;

    fn ask(lab: &mut Lab, request: Value) -> String {
        let answer = lab.ssm("GetCalendarState", request);
        format!("{} {}", answer["State"], answer["NextTransitionTime"]).replace('"', "")
    }

    #[test]
    fn several_calendars_are_open_only_together() {
        let mut lab = Lab::with("  []", CALENDARS);
        let arn = "arn:aws:ssm:ap-northeast-1:111111111111:document/freeze";
        assert_eq!(ask(&mut lab, json!({"CalendarNames": [arn]})), "OPEN 2026-11-12T00:00:00Z");
        assert_eq!(ask(&mut lab, json!({"CalendarNames": ["nights"]})), "CLOSED 2026-11-10T20:00:00Z");
        assert_eq!(ask(&mut lab, json!({"CalendarNames": ["nights", "freeze"]})), "CLOSED 2026-11-10T20:00:00Z");
        let later = json!({"CalendarNames": ["nights", "freeze"], "AtTime": "2026-11-13T00:00:00Z"});
        assert_eq!(ask(&mut lab, later), "CLOSED 2026-11-14T00:00:00Z");
        lab.at(4 * 86_400);
        assert_eq!(ask(&mut lab, json!({"CalendarNames": ["freeze"]})), "OPEN null", "nothing changes any more");
        for (request, code) in [
            (json!({"CalendarNames": ["other"]}), "InvalidDocument"),
            (json!({"CalendarNames": []}), "ValidationException"),
            (json!({"CalendarNames": ["freeze"], "AtTime": "soon"}), "ValidationException"),
        ] {
            assert_eq!(lab.ssm_error("GetCalendarState", request), code);
        }
    }
}
