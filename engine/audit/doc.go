// Package audit says what is written down of who changed what. It is pure; package
// persistence keeps the entries, packages api and cmd say who acts.
//
//	ctx = audit.With(ctx, audit.Entry{
//		Actor: key.ID, Action: "items.update", Subject: sku, RequestID: id,
//	})
//	_, err = store.AdjustStock(ctx, sku, 24, persistence.ReasonReceipt, "")
//
// # Design
//
// Decided 2026-11-23:
//
//   - An entry travels in the context to the write that it is of, like the claim of
//     an idempotency key, and is stored by the transaction that has the effect. So
//     there is no effect without its entry and no entry of an effect that was
//     refused or rolled back, and a method that writes needs no parameter for it.
//     Rejected: to write the entry after the effect, which a crash loses; and
//     entries made by each method of the store, which would have to know routes.
//   - A context is for one effect, as a claim is: who calls twice with the same one
//     has two entries.
//   - Sales and holds leave none, for the fast path of sales has no room for it: the
//     order, with its movements, is the entry. An entry of a sale that is wanted all
//     the same is stored by itself, with Store.Audit, as the setting audit_sales has it.
//   - Entries have no personal data of customers in them: a subject is an id.
package audit
