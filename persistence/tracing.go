package persistence

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// queryTracer makes spans of queries: the statement's first word and the table, where bun
// knows it, and no text. The texts that bun tells have the values in them, customers and
// coupon codes too, which is also why this is not bunotel.
type queryTracer struct {
	tracer trace.Tracer
	system string // in the words of OpenTelemetry
}

// traced is the database with a span for each query.
func traced(db Database, tracer trace.Tracer) Database {
	hook := queryTracer{tracer, "sqlite"}
	if db.Writer.Dialect().Name() == dialect.PG {
		hook.system = "postgresql"
	}
	writer := db.Writer.WithQueryHook(hook)
	if db.Reader == db.Writer {
		db.Reader = writer
	} else {
		db.Reader = db.Reader.WithQueryHook(hook)
	}
	db.Writer = writer
	return db
}

// spanKey is where an event keeps its span.
type spanKey struct{}

// BeforeQuery implements bun.QueryHook. The context stays as it is: that of BEGIN goes to
// the queries of the transaction, which are not below it.
func (q queryTracer) BeforeQuery(ctx context.Context, event *bun.QueryEvent) context.Context {
	_, span := startSpan(ctx, q.tracer, "")
	if span == nil {
		return ctx
	}
	name := event.Operation()
	span.SetAttributes(attribute.String("db.system.name", q.system), attribute.String("db.operation.name", name))
	if model, ok := event.Model.(bun.TableModel); ok {
		table := model.Table().Name
		span.SetAttributes(attribute.String("db.collection.name", table))
		name += " " + table
	}
	span.SetName(name)
	event.Stash = map[any]any{spanKey{}: span}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (queryTracer) AfterQuery(_ context.Context, event *bun.QueryEvent) {
	span, _ := event.Stash[spanKey{}].(trace.Span)
	endSpan(span, event.Err)
}

// startSpan begins a span below the one in the context, nil where that is not recorded.
func startSpan(ctx context.Context, tracer trace.Tracer, name string) (context.Context, trace.Span) {
	if tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	return tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
}

// endSpan ends a span, if there is one. The words of the error stay out of it: databases
// quote values in theirs.
func endSpan(span trace.Span, err error) {
	if span == nil {
		return
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
