//! What several measurements use: networks that were trained on the spot, and answers to
//! digits as they are. Each is made once, whoever asks first.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::subject::Halt;

type Kept = Arc<dyn Any + Send + Sync>;
type Place = Arc<Mutex<Option<Kept>>>;

/// Kept while measuring goes on.
#[derive(Default)]
pub struct Cache {
    places: Mutex<HashMap<String, Place>>,
}

impl Cache {
    /// What has this key; made by `make` where it is not there yet. Others that ask for it
    /// wait meanwhile.
    ///
    /// # Errors
    /// Those of `make`; it is then asked again next time.
    pub fn get<T: Send + Sync + 'static>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<T, Halt>,
    ) -> Result<Arc<T>, Halt> {
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(key.to_owned()).or_default())
        };
        let mut kept = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.as_ref().and_then(|k| Arc::clone(k).downcast().ok()) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        *kept = Some(Arc::<T>::clone(&made));
        Ok(made)
    }

    /// Lets go of what belongs to a subject that is done.
    pub fn forget(&self, prefix: &str) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|key, _| !key.starts_with(prefix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_once_and_a_failure_is_tried_again() {
        let cache = Cache::default();
        let failed = cache.get::<u32>("a", || Err(Halt::Stopped));
        assert!(matches!(failed, Err(Halt::Stopped)));
        assert_eq!(*cache.get("a", || Ok(3u32)).unwrap(), 3);
        assert_eq!(*cache.get("a", || Ok(4u32)).unwrap(), 3);
        cache.forget("a");
        assert_eq!(*cache.get("a", || Ok(4u32)).unwrap(), 4);
    }
}
