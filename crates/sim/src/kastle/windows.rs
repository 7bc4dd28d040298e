//! Windows names of time zones (2A.4: .NET `FindSystemTimeZoneById`), as CLDR maps them; the first name of a zone applies.

/// Windows name, IANA name.
#[rustfmt::skip] // a table
const NAMES: &[(&str, &str)] = &[
    ("Eastern Standard Time", "America/New_York"),
    ("Eastern Standard Time", "America/Detroit"),
    ("Eastern Standard Time", "America/Toronto"),
    ("US Eastern Standard Time", "America/Indiana/Indianapolis"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Standard Time", "America/Winnipeg"),
    ("Mountain Standard Time", "America/Denver"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pacific Standard Time", "America/Vancouver"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("SA Western Standard Time", "America/Puerto_Rico"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("UTC", "UTC"),
    ("GMT Standard Time", "Europe/London"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
];

/// The IANA name of a Windows name.
pub(super) fn iana(windows: &str) -> Option<&'static str> {
    NAMES.iter().find(|(name, _)| *name == windows).map(|(_, iana)| *iana)
}

/// The Windows name of an IANA name; the IANA name itself if the table has none.
pub(super) fn windows(iana: &str) -> &str {
    NAMES.iter().find(|(_, name)| *name == iana).map_or(iana, |(windows, _)| *windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_zone_and_maps_back() {
        for (name, zone) in NAMES {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
            assert_eq!(windows(zone), *name);
            assert_eq!(iana(name).map(windows), Some(*name));
        }
    }
}
