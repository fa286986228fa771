//! What is different in a sheet since another moment.

use super::{Absent, Row, Sheet, Value};

impl Sheet {
    /// Each number less what it was then: rows in the order of this sheet. Absent where either
    /// is; what is in none of its rows any more is not told of.
    #[must_use]
    pub fn less(&self, then: &Self) -> Self {
        let row = |row: &Row| {
            let was = then.rows.iter().find(|was| was.name == row.name);
            let values = row.values.iter().enumerate().map(|(place, now)| {
                let was = was.map(|was| was.values.get(place).copied());
                difference(*now, was.flatten().unwrap_or(Err(Absent::NotThen)))
            });
            Row {
                name: row.name.clone(),
                values: values.collect(),
            }
        };
        Self {
            columns: self.columns,
            rows: self.rows.iter().map(row).collect(),
        }
    }
}

fn difference(now: Value, then: Value) -> Value {
    Ok(now? - then?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::pressure;
    use afterimage_format::reading::Missing;

    fn sheet(rows: &[(&str, [Value; 2])]) -> Sheet {
        let row = |(name, values): &(&str, [Value; 2])| Row {
            name: (*name).into(),
            values: values.to_vec(),
        };
        Sheet {
            columns: &pressure::COLUMNS,
            rows: rows.iter().map(row).collect(),
        }
    }

    #[test]
    fn rows_are_compared_by_name_and_what_is_absent_in_either_has_no_difference() {
        let not_read = Err(Absent::Reading(Missing::NotRead));
        let now = sheet(&[("vda", [Ok(5.0), Ok(1.0)]), ("vdb", [Ok(2.0), not_read])]);
        let then = sheet(&[("vdb", [Ok(3.5), Ok(1.0)]), ("sdc", [Ok(9.0), Ok(9.0)])]);
        let change = now.less(&then);
        assert_eq!(change.rows[0].values, [Err(Absent::NotThen); 2]);
        assert_eq!(change.rows[1].values, [Ok(-1.5), not_read]);
        assert_eq!(change.rows.len(), 2);
        assert_eq!(then.less(&now).rows[0].values, [Ok(1.5), not_read]);
    }
}
