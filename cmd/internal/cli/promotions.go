package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/api"
	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
)

func newPromotions(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "promotions",
		Short: "List and show the promotions in force, pause and resume them",
		Long: `List and show the promotions in force, with what orders have used of their limits, and
take them out of force and back without a change of the rules.

The database is that of checkout run, with the same settings, which may be running
meanwhile. The rules in force are those that a server has put in force last. Every
pause and every end of one is in the audit log; see "checkout audit --help".

With --server URL a running server is asked over its API, with a key of the scope
rules:read, or rules:publish to pause and resume.` + findingsAre("the rules have no such promotion"),
	}
	asGroup(cmd)
	cmd.AddCommand(newPromotionsList(s), newPromotionsShow(s), newPromotionsPause(s), newPromotionsResume(s))
	return cmd
}

// unknownPromotionError says that the rules in force have no such promotion.
type unknownPromotionError struct{ id string }

// Error implements error.
func (e *unknownPromotionError) Error() string {
	return fmt.Sprintf("the rules in force have no promotion %q; see checkout promotions list", e.id)
}

// errNoRules says that no server has run on the database.
var errNoRules = errors.New("no rules have been in force on this database; checkout run puts some in force")

// shelf is the promotions in force on a database, and the files of their rules.
type shelf struct {
	api.InForce
	files []compile.File
}

// readPromotions reads the promotions in force, as they are at the instant.
func readPromotions(ctx context.Context, a *persistence.Archive, at time.Time) (*shelf, error) {
	digest, err := a.RulesetInForce(ctx)
	if err == nil && digest == "" {
		err = errNoRules
	}
	if err != nil {
		return nil, err
	}
	kept, err := a.Ruleset(ctx, digest)
	if err != nil {
		return nil, err
	}
	found := &shelf{InForce: api.InForce{Now: at, Paused: make(engine.Pauses), Pauses: make(map[string]engine.PromotionPause)}}
	if found.files, err = archive.Unpack(kept.Files, digest); err != nil {
		return nil, err
	}
	if found.Rules, err = compile.Compile(found.files); err != nil {
		return nil, err
	}
	pauses, err := a.PromotionPauses(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range pauses {
		if found.Pauses[p.Promotion] = p; p.Paused {
			found.Paused[p.Promotion] = p.Until
		}
	}
	found.Used, err = a.Usage(ctx, found.Rules.UsageKeys(at))
	return found, err
}

func newPromotionsList(s Streams) *cobra.Command {
	var state, text string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the promotions in force, by id",
		Long: `List the promotions in force, by id, with how each is now and what orders have used of
its limits. A promotion is active, scheduled, closed (out of its days or hours), ended,
exhausted (a limit of all orders is used up), paused or disabled.` + overServer,
		Example: `  checkout promotions list --state paused
  checkout promotions list --text tv -o json
  checkout promotions list --server http://localhost:8000 --key-file key.txt`,
		Args: noArguments,
	}
	var states []string
	for _, state := range engine.Standings() {
		states = append(states, string(state))
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `STATE`: "+orList(states))
	cmd.Flags().StringVar(&text, "text", "", "only those whose id, name, group, coupon or pool has `TEXT` in it")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
	return bothWays(s, cmd, promotionShelves(s), func(ctx context.Context, shelf promotionShelf, _ []string) (rendering, error) {
		if state != "" && !slices.Contains(states, state) {
			return nil, usageError{error: fmt.Errorf("--state %q: want one of %s", state, strings.Join(states, ", "))}
		}
		list, err := shelf.List(ctx, state, text)
		if err != nil {
			return nil, err
		}
		return inPages(list, len(list.Promotions), "no promotions", "", list.table), nil
	})
}

// promotionList is promotions in force. It is version 1 of the JSON form, to which
// fields are only added.
type promotionList struct {
	Version    int            `json:"version"`
	Ruleset    string         `json:"ruleset"`
	Promotions []v1.Promotion `json:"promotions"`
}

// table writes a line for each promotion.
func (l promotionList) table(w io.Writer) error {
	_, err := fmt.Fprintln(w, "ID\tSTATE\tDEALS\tORDERS\tBUDGET\tNAME")
	for i := range l.Promotions {
		p := &l.Promotions[i]
		orders, budget := usedOf(p)
		_, printed := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.State, strings.Join(p.Deals, ", "), dash(orders), dash(budget), plainText(p.Name))
		err = errors.Join(err, printed)
	}
	return err
}

// usedOf is what orders have used of a promotion, such as "7 of 10".
func usedOf(p *v1.Promotion) (orders, budget string) {
	if p.Orders != nil {
		orders = fmt.Sprint(p.Orders.Used)
		if p.Orders.Allowed != nil {
			orders += fmt.Sprintf(" of %d", *p.Orders.Allowed)
		}
	}
	if p.Budget != nil {
		budget = p.Budget.Spent.String()
		if p.Budget.Allowed != nil {
			budget += " of " + p.Budget.Allowed.String()
		}
	}
	return orders, budget
}

// shownPromotion is a promotion with its source. It is version 1 of the JSON form, to
// which fields are only added.
type shownPromotion struct {
	Version   int                `json:"version"`
	Promotion v1.Promotion       `json:"promotion"`
	Source    v1.PromotionSource `json:"source"`
}

func newPromotionsShow(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a promotion in force, with its rule",
		Long: `Show how a promotion in force is now, who has paused it and why, what orders have used of
its limits, and its rule as it stands in its file.` + overServer,
		Example: `  checkout promotions show tv-3-for-2
  checkout promotions show tv-3-for-2 -o json`,
		Args: arguments("the id of a promotion", 1, 1),
	}
	return bothWays(s, cmd, promotionShelves(s), func(ctx context.Context, shelf promotionShelf, ids []string) (rendering, error) {
		shown, err := shelf.Show(ctx, ids[0])
		if err != nil {
			return nil, err
		}
		return shown.report(), nil
	})
}

// show is a promotion with its source.
func (s *shelf) show(id string) (*shownPromotion, error) {
	if _, known := s.Rules.Promotion(id); !known {
		return nil, &unknownPromotionError{id}
	}
	source, _ := compile.SourceOf(s.files, id)
	return &shownPromotion{Version: 1, Promotion: s.Tell(id), Source: v1.PromotionSource{
		Promotion: id, Ruleset: s.Rules.Digest(), File: source.File, FirstLine: source.First, LastLine: source.Last, Text: source.Text,
	}}, nil
}

func (p *shownPromotion) report() rendering {
	var text strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%-10s%s\n", name, value)
		}
	}
	orders, budget := usedOf(&p.Promotion)
	line("id", p.Promotion.ID)
	line("name", plainText(p.Promotion.Name))
	line("state", string(p.Promotion.State)+pausedText(p.Promotion.Paused))
	line("group", p.Promotion.Group)
	line("coupon", p.Promotion.Coupon)
	line("pool", p.Promotion.CouponPool)
	line("from", instantOr("", p.Promotion.From, " UTC"))
	line("until", instantOr("", p.Promotion.Until, " UTC"))
	line("days", strings.Join(p.Promotion.Days, ", "))
	line("hours", strings.Join(p.Promotion.Hours, ", "))
	line("timezone", p.Promotion.Timezone)
	line("orders", orders)
	line("budget", budget)
	line("per", p.Promotion.Per)
	line("ruleset", p.Source.Ruleset)
	line("source", fmt.Sprintf("%s, lines %d to %d", p.Source.File, p.Source.FirstLine, p.Source.LastLine))
	fmt.Fprintf(&text, "\n%s\n", strings.TrimRight(p.Source.Text, "\n"))
	return inFull(p, text.String())
}

// pausedText says who has paused a promotion, and why, "" for nobody.
func pausedText(p *v1.PromotionPause) string {
	if p == nil {
		return ""
	}
	text := fmt.Sprintf(" by %s since %s UTC", p.By, p.At.Format(time.DateTime))
	if p.Until != nil {
		text += " until " + p.Until.Format(time.DateTime) + " UTC"
	}
	if p.Reason != "" {
		text += ": " + plainText(p.Reason)
	}
	return text
}

// pausedPromotion is what a command has made of the pause of a promotion. It is version
// 1 of the JSON form, to which fields are only added.
type pausedPromotion struct {
	Version   int        `json:"version"`
	Promotion string     `json:"promotion"`
	Paused    bool       `json:"paused"`
	Revision  int64      `json:"revision"`
	By        string     `json:"by,omitempty"`
	At        *time.Time `json:"at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Until     *time.Time `json:"until,omitempty"`
}

func newPausedPromotion(p *engine.PromotionPause) pausedPromotion {
	return pausedPromotion{
		Version: 1, Promotion: p.Promotion, Paused: p.Paused, Revision: p.Revision, By: p.By, At: orNone(p.At), Reason: p.Reason, Until: orNone(p.Until),
	}
}

func newPromotionsPause(s Streams) *cobra.Command {
	var reason string
	var ends lifetime
	cmd := &cobra.Command{
		Use:   "pause ID",
		Short: "Take a promotion out of force at once",
		Long: `Take a promotion out of force. When the command is done, which takes a second, no server
prices a cart with the promotion any more, and no order is placed at a price that has
it; holds keep theirs. The pause outlives restarts and other rules, until --until, if
that is given, or until somebody resumes the promotion. One that is paused already gets
the new reason and the new end.` + overServer + onceMore,
		Example: `  checkout promotions pause tv-3-for-2 --reason "priced too low"
  checkout promotions pause tv-3-for-2 --reason "out of stock" --until 12h
  checkout promotions pause tv-3-for-2 --reason "out of stock" --server http://localhost:8000 --key-file key.txt`,
		Args: arguments("the id of a promotion", 1, 1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` to tell those who wonder")
	cmd.Flags().Var(&ends, "until", "the pause ends by itself after a `TIME` such as 12h or 3d, or at 2027-06-30T08:00:00Z (default never)")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if reason == "" {
			return usageError{error: errors.New("--reason is missing: say why, for those who wonder")}
		}
		return nil
	}
	return bothWays(s, cmd, pausers(s), func(ctx context.Context, on pauser, ids []string) (rendering, error) {
		p, err := on.Pause(ctx, ids[0], reason, ends.after(time.Now()))
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("promotion %s is paused%s\n", p.Promotion, pausedText(&v1.PromotionPause{By: p.By, At: p.At, Reason: p.Reason, Until: orNone(p.Until)}))
		return inFull(newPausedPromotion(&p), text), nil
	})
}

func newPromotionsResume(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resume ID",
		Short: "Put a paused promotion in force again",
		Long: `Put a paused promotion in force again. When the command is done, which takes a second,
every server prices with it. One that is not paused stays as it is. One that is paused
and that the rules do not have any more is resumed too.` + overServer + onceMore + `
It resumes what its rules have, and tells no JSON.`,
		Example: `  checkout promotions resume tv-3-for-2
  checkout promotions resume tv-3-for-2 -o json`,
		Args: arguments("the id of a promotion", 1, 1),
	}
	both := pausers(s)
	both.onlyPretty = true // a server does not tell who has ended a pause, and when
	return bothWays(s, cmd, both, func(ctx context.Context, on pauser, ids []string) (rendering, error) {
		p, was, err := on.Resume(ctx, ids[0])
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("promotion %s is in force\n", p.Promotion)
		if !was {
			text = fmt.Sprintf("promotion %s was not paused\n", p.Promotion)
		}
		return inFull(newPausedPromotion(&p), text), nil
	})
}
