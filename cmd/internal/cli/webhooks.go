package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
)

func newWebhooks(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "Look after the events that are sent to endpoints",
		Long: `Look after the events that are sent to the endpoints of the setting webhooks, while
checkout run sends them or rests.

The settings are those of checkout run: a YAML file (--config), CHECKOUT_ variables and
flags.` + findingsAre("an endpoint refuses, or there is no such event"),
	}
	asGroup(cmd)
	cmd.AddCommand(newWebhooksList(s), newWebhooksShow(s), newWebhooksResend(s), newWebhooksTest(s))
	return cmd
}

// deliveryStates are the values of --state.
func deliveryStates() []string {
	return []string{
		string(persistence.DeliveryPending), string(persistence.DeliveryClaimed),
		string(persistence.DeliveryDelivered), string(persistence.DeliveryDead),
	}
}

func newWebhooksList(s Streams) *cobra.Command {
	var formats []string
	var state, endpoint string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List deliveries, those of the newest events first",
		Example: `  checkout webhooks list --state dead --config checkout.yaml
  checkout webhooks list --endpoint books --limit 0 -o json`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			if state != "" && !slices.Contains(deliveryStates(), state) {
				return usageError{fmt.Errorf("--state %q: want one of %s", state, strings.Join(deliveryStates(), ", ")), cmd}
			}
			if limit < 0 {
				return usageError{fmt.Errorf("--limit %d: want 0 or more", limit), cmd}
			}
			filter := persistence.DeliveryFilter{State: persistence.DeliveryState(state), Endpoint: endpoint, Limit: limit}
			return withStore(cmd, s, func(ctx context.Context, data *persistence.Store) error {
				records, err := data.Deliveries(ctx, filter)
				if err != nil {
					return environmentError(err)
				}
				return write(outputs, s.Out, func(w io.Writer, format string) error {
					if format == formatJSON {
						return writeDeliveriesJSON(w, records)
					}
					return writeDeliveries(w, records)
				})
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `STATE`: pending, claimed, delivered or dead")
	cmd.Flags().StringVar(&endpoint, "endpoint", "", "only those to the endpoint of this `NAME`")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so `many`; 0 lists all")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(deliveryStates(), cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
	addOutput(cmd, &formats)
	config.BindDatabaseFlags(cmd.Flags())
	return cmd
}

func newWebhooksShow(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show an event and how far its deliveries are",
		Example: `  checkout webhooks show 01997c2e-7f00-7000-8000-000000000001 --config checkout.yaml
  checkout webhooks show -o json 01997c2e-7f00-7000-8000-000000000001`,
		Args: arguments("the id of an event", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			return withStore(cmd, s, func(ctx context.Context, data *persistence.Store) error {
				records, err := data.Deliveries(ctx, persistence.DeliveryFilter{UIDs: ids})
				if err != nil {
					return environmentError(err)
				}
				if len(records) == 0 {
					return codedError{exitFindings, fmt.Errorf("no event %q has deliveries; checkout webhooks list shows those that have", ids[0])}
				}
				return write(outputs, s.Out, func(w io.Writer, format string) error {
					if format == formatJSON {
						return writeEventJSON(w, records)
					}
					return writeEvent(w, records)
				})
			})
		},
	}
	addOutput(cmd, &formats)
	config.BindDatabaseFlags(cmd.Flags())
	return cmd
}

func newWebhooksResend(s Streams) *cobra.Command {
	var dead bool
	var endpoint string
	cmd := &cobra.Command{
		Use:   "resend [ID...]",
		Short: "Send events again that are dead or were delivered",
		Long: `Send the events again, or with --dead all that were given up. They become pending, and
the servers send them as if they had never been tried; receivers know a repetition by
its webhook-id. What is pending or being sent stays as it is.`,
		Example: `  checkout webhooks resend 01997c2e-7f00-7000-8000-000000000001
  checkout webhooks resend --dead --endpoint books --config checkout.yaml`,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if dead == (len(ids) > 0) {
				return usageError{errors.New("name the ids of events, or give --dead for all that are dead"), cmd}
			}
			filter := persistence.DeliveryFilter{UIDs: ids, Endpoint: endpoint}
			if dead {
				filter.State = persistence.DeliveryDead
			}
			return withStore(cmd, s, func(ctx context.Context, data *persistence.Store) error {
				n, err := data.Resend(ctx, filter)
				if err == nil {
					_, err = fmt.Fprintf(s.Out, "deliveries to be sent again: %d\n", n)
				}
				if err == nil && n == 0 {
					return silentError{exitNothing}
				}
				return environmentError(err)
			})
		},
	}
	cmd.Flags().BoolVar(&dead, "dead", false, "all that are dead")
	cmd.Flags().StringVar(&endpoint, "endpoint", "", "only to the endpoint of this `NAME`")
	config.BindDatabaseFlags(cmd.Flags())
	return cmd
}

func newWebhooksTest(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test ENDPOINT",
		Short: "Send a signed ping to an endpoint",
		Long: `Post an event of the type ping to the endpoint of that name, signed as all are, and say
what it answered. The ping is in no database and is not tried again.`,
		Example: `  checkout webhooks test books --config checkout.yaml`,
		Args:    arguments("the name of an endpoint", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, names []string) error {
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			sender, err := newSender(cfg, outbox{}, nil, prometheus.NewRegistry(), nil, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			e, err := endpointOf(cmd, s, cfg, names[0])
			if err != nil {
				return err
			}
			status, err := sender.Ping(cmd.Context(), e, id.String())
			switch {
			case cmd.Context().Err() != nil:
				return cmd.Context().Err()
			case err != nil:
				return codedError{exitFindings, err}
			}
			_, err = fmt.Fprintf(s.Out, "endpoint %s answered %d\n", names[0], status)
			return environmentError(err)
		},
	}
	config.BindDatabaseFlags(cmd.Flags())
	return cmd
}

// endpointOf returns the endpoint of the configuration, or else of the database.
func endpointOf(cmd *cobra.Command, s Streams, cfg config.Config, name string) (e webhook.Endpoint, err error) {
	if i := slices.IndexFunc(cfg.Webhooks, func(w config.Webhook) bool { return w.Name == name }); i >= 0 {
		return configuredEndpoint(cfg.Webhooks[i]), nil
	}
	unknown := usageError{fmt.Errorf("no endpoint is called %q; the setting webhooks lists those of the configuration, GET /v1/webhooks all", name), cmd}
	if !strings.HasPrefix(name, persistence.WebhookPrefix) {
		return e, unknown
	}
	err = withStore(cmd, s, func(ctx context.Context, data *persistence.Store) error {
		made, err := data.Webhook(ctx, name)
		if errors.As(err, new(*persistence.UnknownWebhookError)) {
			return unknown
		}
		if err == nil {
			e = registeredEndpoint(&made, time.Now(), cfg.WebhookPrivateAddresses)
		}
		return environmentError(err)
	})
	return e, err
}

func writeDeliveries(w io.Writer, records []persistence.DeliveryRecord) error {
	if len(records) == 0 {
		_, err := fmt.Fprintln(w, "no deliveries")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tEVENT\tCREATED\tENDPOINT\tSTATE\tATTEMPTS\tNEXT\tPROBLEM") // Flush reports its error
	for _, r := range records {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			r.UID, r.Type, second(r.CreatedAt), r.Endpoint, r.State, r.Attempts, second(r.NextAttempt), dash(r.LastError))
	}
	return table.Flush()
}

func writeEvent(w io.Writer, records []persistence.DeliveryRecord) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ENDPOINT\tSTATE\tATTEMPTS\tNEXT\tDELIVERED\tSTATUS\tPROBLEM") // Flush reports its error
	for _, r := range records {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%d\t%s\n",
			r.Endpoint, r.State, r.Attempts, second(r.NextAttempt), second(r.DeliveredAt), r.LastStatus, dash(r.LastError))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return writeJSON(w, json.RawMessage(records[0].Body))
}

func writeDeliveriesJSON(w io.Writer, records []persistence.DeliveryRecord) error {
	return writeJSON(w, struct {
		Deliveries []persistence.DeliveryRecord `json:"deliveries"`
	}{append([]persistence.DeliveryRecord{}, records...)})
}

func writeEventJSON(w io.Writer, records []persistence.DeliveryRecord) error {
	return writeJSON(w, struct {
		Event      json.RawMessage              `json:"event"`
		Deliveries []persistence.DeliveryRecord `json:"deliveries"`
	}{json.RawMessage(records[0].Body), records})
}

// second writes an instant for a table.
func second(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
