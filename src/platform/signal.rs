//! Leptos' signal, memo and prop with the type of their value erased: their machinery is compiled once, whatever they hold,
//! so a further type costs a few hundred bytes of Wasm instead of some thousands.
//!
//! For a reader who knows Leptos: [`ErasedSignal`] is `RwSignal`, [`ErasedMemo`] is `Memo`, and [`ErasedProp`] is what a
//! component takes with `#[prop(into)]`, like `Signal`. Three things differ. `read` returns an `Arc` and not a guard, so it can
//! be held across an `await`. `update` clones the value, changes the clone and sets it: values are small, or lists that
//! change rarely. A prop keeps nothing: its closure runs at every reading. `String` and `bool` are in the program anyway and
//! use `RwSignal` and `Memo` themselves.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

type ErasedValue = Arc<dyn Any + Send + Sync>;

fn downcast_value<T: Send + Sync + 'static>(value: ErasedValue) -> Arc<T> {
    value.downcast().unwrap_or_else(|_| unreachable!("a signal holds what its type says"))
}

/// A value that can be changed, as in `RwSignal`. A copy is the same signal.
pub(crate) struct ErasedSignal<T> {
    inner: RwSignal<ErasedValue>,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for ErasedSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ErasedSignal<T> {}

impl<T: Send + Sync + 'static> ErasedSignal<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: RwSignal::new(Arc::new(value)), holds: PhantomData }
    }

    /// What it holds; whoever reads it runs again when it changes.
    pub(crate) fn read(&self) -> Arc<T> {
        downcast_value(self.inner.get())
    }

    /// What it holds now.
    pub(crate) fn read_untracked(&self) -> Arc<T> {
        downcast_value(self.inner.get_untracked())
    }

    /// Holds this from now on.
    pub(crate) fn set(&self, value: T) {
        self.inner.set(Arc::new(value));
    }

    /// Whoever calls this runs again when it changes.
    pub(crate) fn track(&self) {
        self.inner.track();
    }
}

impl<T: Clone + Send + Sync + 'static> ErasedSignal<T> {
    /// A copy of what it holds; whoever reads it runs again when it changes.
    pub(crate) fn get(&self) -> T {
        T::clone(&self.read())
    }

    /// A copy of what it holds now.
    pub(crate) fn get_untracked(&self) -> T {
        T::clone(&self.read_untracked())
    }

    /// Changes what it holds.
    pub(crate) fn update(&self, change: impl FnOnce(&mut T)) {
        let mut value = self.get_untracked();
        change(&mut value);
        self.set(value);
    }
}

impl<T: Default + Send + Sync + 'static> Default for ErasedSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Clone + Send + Sync + 'static> From<ErasedSignal<T>> for Signal<T> {
    fn from(signal: ErasedSignal<T>) -> Self {
        Self::derive(move || signal.get())
    }
}

/// A value and how it is compared, so that one kind of memo serves all.
struct Compared {
    value: ErasedValue,
    same: fn(&ErasedValue, &ErasedValue) -> bool,
}

impl PartialEq for Compared {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(&self.value, &other.value)
    }
}

fn same_value<T: PartialEq + 'static>(one: &ErasedValue, other: &ErasedValue) -> bool {
    one.downcast_ref::<T>() == other.downcast_ref::<T>()
}

/// A value worked out of others, which notifies its readers only when it is another one, as in `Memo`.
pub(crate) struct ErasedMemo<T> {
    inner: Memo<Compared>,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for ErasedMemo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ErasedMemo<T> {}

impl<T: PartialEq + Send + Sync + 'static> ErasedMemo<T> {
    /// Worked out now and whenever what it reads has changed.
    pub(crate) fn new(work_out: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let boxed = Box::new(move || Compared { value: Arc::new(work_out()), same: same_value::<T> });
        Self { inner: compared_memo(boxed), holds: PhantomData }
    }

    /// The value; whoever reads it runs again when it is another one.
    pub(crate) fn read(&self) -> Arc<T> {
        downcast_value(Arc::clone(&self.inner.read().value))
    }

    pub(crate) fn read_untracked(&self) -> Arc<T> {
        downcast_value(Arc::clone(&self.inner.read_untracked().value))
    }

    /// A copy of the value; whoever reads it runs again when it is another one.
    pub(crate) fn get(&self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read())
    }

    /// A copy of the value now.
    pub(crate) fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read_untracked())
    }
}

fn compared_memo(work_out: Box<dyn Fn() -> Compared + Send + Sync>) -> Memo<Compared> {
    Memo::new(move |_| work_out())
}

impl<T: Clone + PartialEq + Send + Sync + 'static> From<ErasedMemo<T>> for Signal<T> {
    fn from(memo: ErasedMemo<T>) -> Self {
        Self::derive(move || memo.get())
    }
}

/// What a component takes: a value, or one that changes.
pub(crate) struct ErasedProp<T> {
    make: StoredValue<ErasedValue>,
    holds: PhantomData<fn() -> T>,
}

type MakeValue<T> = Box<dyn Fn() -> T + Send + Sync>;

impl<T> Clone for ErasedProp<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ErasedProp<T> {}

impl<T: 'static> ErasedProp<T> {
    /// Worked out at every reading.
    pub(crate) fn derive(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let boxed: MakeValue<T> = Box::new(make);
        Self { make: StoredValue::new(Arc::new(boxed)), holds: PhantomData }
    }

    /// The value; whoever reads it runs again when what it is made of changes.
    pub(crate) fn get(&self) -> T {
        let make = self.make.get_value();
        make.downcast_ref::<MakeValue<T>>().map_or_else(|| unreachable!("a prop is what its type says"), |make| make())
    }
}

impl<T: Clone + Send + Sync + 'static> From<T> for ErasedProp<T> {
    fn from(value: T) -> Self {
        Self::derive(move || value.clone())
    }
}

impl<T: Clone + Send + Sync + 'static> From<ErasedSignal<T>> for ErasedProp<T> {
    fn from(signal: ErasedSignal<T>) -> Self {
        Self::derive(move || signal.get())
    }
}

impl<T: Clone + PartialEq + Send + Sync + 'static> From<ErasedMemo<T>> for ErasedProp<T> {
    fn from(memo: ErasedMemo<T>) -> Self {
        Self::derive(move || memo.get())
    }
}

impl<T: Send + Sync + 'static> From<ErasedProp<T>> for Signal<T> {
    fn from(prop: ErasedProp<T>) -> Self {
        Self::derive(move || prop.get())
    }
}

impl<T: Clone + Default + Send + Sync + 'static> Default for ErasedProp<T> {
    fn default() -> Self {
        Self::from(T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_value_is_the_same_until_what_it_reads_makes_it_another_one() {
        let owner = Owner::new();
        owner.set();
        let signal = ErasedSignal::new(vec![1, 2]);
        let length = ErasedMemo::new(move || signal.read().len());
        assert_eq!((signal.get(), length.get()), (vec![1, 2], 2));
        signal.update(|all| all.push(3));
        assert_eq!((signal.read_untracked().len(), length.get_untracked()), (3, 3));
        assert_eq!(Signal::<usize>::from(length).get(), 3);
    }
}
