package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// noFiles offers what is given, and no files.
func noFiles(words []string) ([]string, cobra.ShellCompDirective) {
	return words, cobra.ShellCompDirectiveNoFileComp
}

func files(endings ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeArguments are what is offered for the arguments of commands, by their paths,
// where a command does not say it itself.
func completeArguments(s Streams) map[string]cobra.CompletionFunc {
	pool := atMost(1, completePools(s))
	event, hold, key, promotion := completeEvents(s), completeHolds(s), completeKeys(s), completeInForce(s)
	return map[string]cobra.CompletionFunc{
		"checkout coupons generate":  pool,
		"checkout coupons export":    pool,
		"checkout coupons show":      pool,
		"checkout coupons import":    then(pool, files("csv")),
		"checkout holds release":     atMost(1, hold),
		"checkout holds show":        atMost(1, hold),
		"checkout keys revoke":       key,
		"checkout keys rotate":       atMost(1, key),
		"checkout promotions show":   atMost(1, promotion),
		"checkout promotions pause":  atMost(1, promotion),
		"checkout promotions resume": atMost(1, completePaused(s)),
		"checkout items import":      files("csv", "jsonl"),
		"checkout webhooks resend":   event,
		"checkout webhooks show":     atMost(1, event),
		"checkout webhooks test":     atMost(1, completeEndpoints(s)),
		"checkout rules mutate":      completeTests,
		"checkout rules diff":        folders,
	}
}

// completeFlags are what is offered for the values of flags, by their names, or by the
// path of the command and the name.
func completeFlags(s Streams) map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"after":                        completeOrders(s, -1),
		"checkout holds list after":    completeHolds(s),
		"checkout keys create rotate":  completeKeys(s),
		"checkout keys create scope":   cobra.FixedCompletions(apikey.AllScopes().Strings(), cobra.ShellCompDirectiveNoFileComp),
		"checkout audit actor":         completeKeys(s),
		"always":                       completeTests,
		"cases":                        completeTests,
		"catalogue":                    files("yaml", "yml", "csv", "jsonl"),
		"config":                       files("yaml", "yml"),
		"dir":                          folders,
		"endpoint":                     completeEndpoints(s),
		"format":                       cobra.FixedCompletions([]string{"csv", "jsonl"}, cobra.ShellCompDirectiveNoFileComp),
		"from":                         files("jsonl", "gz", "csv"),
		"in":                           folders,
		"inventory":                    files("yaml", "yml", "csv", "jsonl"),
		"checkout rules mutate run":    completeNames,
		"plugins":                      folders,
		"policy":                       cobra.FixedCompletions([]string{string(engine.ProRata), string(engine.RepriceKept)}, cobra.ShellCompDirectiveNoFileComp),
		"pool":                         completePools(s),
		"checkout items adjust reason": cobra.FixedCompletions(strings.Split(strings.ReplaceAll(manualReasons(), " or ", ", "), ", "), cobra.ShellCompDirectiveNoFileComp),
		"rules":                        folders,
		"run":                          completeFilter,
		"save-witness":                 folders,
		"seed":                         files("yaml", "yml"),
		"source":                       folders,
	}
}

// adoptCompletions has every command of the tree offer what its arguments and the
// values of its flags can be. What commands have said themselves stays.
func adoptCompletions(root *cobra.Command, s Streams) {
	arguments, flags := completeArguments(s), completeFlags(s)
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		if complete := arguments[cmd.CommandPath()]; complete != nil {
			cmd.ValidArgsFunction = complete
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			complete := flags[cmd.CommandPath()+" "+f.Name]
			switch {
			case complete != nil:
			case config.Choices(f) != nil:
				complete = cobra.FixedCompletions(config.Choices(f), cobra.ShellCompDirectiveNoFileComp)
			case slices.Contains([]string{"int", "int64", "uint64", "float64", "duration"}, f.Value.Type()):
				complete = cobra.NoFileCompletions
			default:
				complete = flags[f.Name]
			}
			if complete != nil {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // fails for a flag of which the command has said it
			}
		})
		for _, child := range cmd.Commands() {
			each(child)
		}
	}
	each(root)
}

// atMost offers something for the first arguments alone.
func atMost(n int, complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return noFiles(nil)
		}
		return complete(cmd, args, begun)
	}
}

// then offers one thing for the first argument, and another for those after it.
func then(first, others cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return first(cmd, args, begun)
		}
		return others(cmd, args, begun)
	}
}

// reading offers what find reads in the configured database, of which nothing is
// changed, not even brought up to date.
func reading(s Streams, find func(context.Context, *persistence.Store) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil || asksServer(cmd) || existing(cfg.Database) != nil {
			return noFiles(nil)
		}
		db, err := openDatabase(ctx, cfg.Database)
		if err != nil {
			return noFiles(nil)
		}
		none, _ := engine.ParseCurrency("XXX") // amounts are not read
		data, err := persistence.New(db, persistence.Options{Currency: none})
		if err != nil {
			_ = db.Close() // nothing was written
			return noFiles(nil)
		}
		defer func() { _ = data.Close() }() // the same
		words, _ := find(ctx, data)
		return noFiles(beginning(words, begun))
	}
}

// completionWords is how many words are offered at most.
const completionWords = 200

// beginning are the words that go on from what has been begun.
func beginning(words []string, begun string) []string {
	words = slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, begun) })
	return words[:min(len(words), completionWords)]
}

func completePools(s Streams) cobra.CompletionFunc {
	return reading(s, func(ctx context.Context, data *persistence.Store) (names []string, err error) {
		pools, err := data.Pools(ctx)
		for _, p := range pools {
			names = append(names, p.Name)
		}
		return names, err
	})
}

// completeKeys offers the ids of keys that are not revoked.
func completeKeys(s Streams) cobra.CompletionFunc {
	return reading(s, func(ctx context.Context, data *persistence.Store) (ids []string, err error) {
		keys, err := data.Keys(ctx)
		for _, k := range keys {
			if k.Revoked.IsZero() {
				ids = append(ids, cobra.CompletionWithDesc(k.ID, k.Name))
			}
		}
		return ids, err
	})
}

// completeInForce offers the promotions in force.
func completeInForce(s Streams) cobra.CompletionFunc {
	return reading(s, func(ctx context.Context, data *persistence.Store) (ids []string, err error) {
		shelf, err := readPromotions(ctx, data.Archive(), time.Now())
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(slices.Values(shelf.Rules.PromotionIDs())) {
			p, _ := shelf.Rules.Promotion(id)
			ids = append(ids, cobra.CompletionWithDesc(id, p.Name))
		}
		return ids, nil
	})
}

// completePaused offers the promotions that somebody has paused.
func completePaused(s Streams) cobra.CompletionFunc {
	return reading(s, func(ctx context.Context, data *persistence.Store) (ids []string, err error) {
		pauses, err := data.PromotionPauses(ctx)
		for _, p := range pauses {
			if p.Paused {
				ids = append(ids, cobra.CompletionWithDesc(p.Promotion, p.Reason))
			}
		}
		return ids, err
	})
}

func completeEvents(s Streams) cobra.CompletionFunc {
	return reading(s, func(ctx context.Context, data *persistence.Store) (ids []string, err error) {
		records, err := data.Deliveries(ctx, persistence.DeliveryFilter{Limit: completionOrders})
		for _, r := range records {
			ids = append(ids, cobra.CompletionWithDesc(r.UID, r.Type+" "+r.Aggregate))
		}
		return slices.Compact(ids), err
	})
}

// completeHolds offers the latest holds.
func completeHolds(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil || asksServer(cmd) {
			return noFiles(nil)
		}
		a, err := openArchive(ctx, cfg.Database)
		if err != nil {
			return noFiles(nil)
		}
		defer func() { _ = a.Close() }() // nothing was written
		var references []string
		holds, _ := a.Holds(ctx, persistence.HoldListing{Limit: completionOrders})
		for _, h := range holds {
			references = append(references, cobra.CompletionWithDesc(h.Reference, string(h.State)))
		}
		return noFiles(references)
	}
}

// completeEndpoints offers the names of the endpoints of the configuration.
func completeEndpoints(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		var names []string
		for _, w := range cfg.Webhooks {
			names = append(names, w.Name)
		}
		if err != nil {
			names = nil
		}
		return noFiles(names)
	}
}

// completeFilter offers the keys of a filter of tests, and what of the tests at the
// paths they can be, after those that are there already: file=a_test.yaml;test=…
func completeFilter(_ *cobra.Command, paths []string, begun string) ([]string, cobra.ShellCompDirective) {
	before := begun[:strings.LastIndex(begun, ";")+1]
	key, value, named := strings.Cut(begun[len(before):], "=")
	if !named {
		return []string{before + "file=", before + "test=", before + "rule=", before + "tag="}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	words := make(map[string]bool)
	for _, suite := range testsAt(paths) {
		for _, c := range suite.Cases {
			switch key {
			case "file":
				words[filepath.ToSlash(suite.File)] = true
			case "test":
				words[c.Name] = true
			case "rule", "promotion":
				for _, id := range c.Promotions() {
					words[id] = true
				}
			case "tag":
				for _, tag := range c.Tags {
					words[tag] = true
				}
			}
		}
	}
	var offered []string
	for word := range words {
		if strings.HasPrefix(word, value) {
			offered = append(offered, before+key+"="+word)
		}
	}
	slices.Sort(offered)
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeNames offers the promotions of the rules whose tests are at the paths.
func completeNames(_ *cobra.Command, paths []string, begun string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, suite := range testsAt(paths) {
		ids = append(ids, suite.Rules.PromotionIDs()...)
	}
	slices.Sort(ids)
	return noFiles(beginning(slices.Compact(ids), begun))
}

// testsAt are the tests at the paths, by default below this folder, as far as they
// have no faults.
func testsAt(paths []string) []ruletest.Suite {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	suites, err := ruletest.Load(paths)
	if err != nil {
		return nil
	}
	return suites
}
