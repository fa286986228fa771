//! Curves that add up, as layers on top of each other.

use crate::data::{Bucket, SeriesData};

/// The upper edge of each layer, the lowest first: the sum of the means up to it.
///
/// A layer that has no value somewhere adds nothing there that could be drawn, so the whole
/// stack has a hole: half of a sum would be a wrong one.
pub fn layers(curves: &[&SeriesData]) -> Vec<Vec<Bucket>> {
    let Some((first, rest)) = curves.split_first() else {
        return vec![];
    };
    let mut layers = vec![Vec::with_capacity(first.buckets.len()); curves.len()];
    let mut places = vec![0; rest.len()];
    for bucket in &first.buckets {
        let mut values = vec![bucket.mean];
        for (curve, place) in rest.iter().zip(&mut places) {
            while curve
                .buckets
                .get(*place)
                .is_some_and(|other| other.from < bucket.from)
            {
                *place += 1;
            }
            let found = curve.buckets.get(*place);
            let found = found.filter(|other| other.from == bucket.from);
            values.extend(found.map(|other| other.mean));
        }
        if values.len() < curves.len() {
            continue;
        }
        let mut sum = 0.0;
        for (layer, value) in layers.iter_mut().zip(values) {
            sum += value.max(0.0);
            layer.push(Bucket {
                min: sum,
                max: sum,
                mean: sum,
                ..*bucket
            });
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SeriesId;
    use afterimage_format::time::WallTime;

    fn curve(values: &[(i64, f64)]) -> SeriesData {
        let bucket = |(from, mean): &(i64, f64)| Bucket {
            from: WallTime(*from),
            to: WallTime(*from + 1),
            min: 0.0,
            max: 99.0,
            mean: *mean,
        };
        SeriesData {
            id: SeriesId::CpuUser,
            buckets: values.iter().map(bucket).collect(),
        }
    }

    #[test]
    fn layers_add_up_and_have_a_hole_where_one_is_absent() {
        let (lower, upper) = (
            curve(&[(0, 10.0), (1, 20.0), (2, 30.0)]),
            curve(&[(0, 1.0), (2, 3.0)]),
        );
        let layers = layers(&[&lower, &upper]);
        let tops = |layer: &Vec<Bucket>| -> Vec<(i64, f64)> {
            layer
                .iter()
                .map(|bucket| (bucket.from.0, bucket.max))
                .collect()
        };
        assert_eq!(tops(&layers[0]), [(0, 10.0), (2, 30.0)]);
        assert_eq!(tops(&layers[1]), [(0, 11.0), (2, 33.0)]);
    }
}
