package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/api/client"
	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// overTheAPI says which servers the commands that publish rules can be used with.
const overTheAPI = `

The server is asked over its API, with a key of the scope rules:publish, and has to be one
that was started with --rules-from database: its folder decides otherwise.`

func newRulesPush(s Streams) *cobra.Command {
	var root, message string
	var activate, force bool
	cmd := &cobra.Command{
		Use:   "push [FOLDER]",
		Short: "Publish a folder of rules to a server",
		Long: `Send the rules of a folder, by default "rules", to a server, which compiles and keeps
them under their digest; --activate puts them in force too, on all servers of its
database. With --root, the rule tests and inventories below that folder are kept with
them, and have to pass before they are put in force.` + overTheAPI,
		Example: `  checkout rules push shop/rules --root shop --message "Black Friday"
  CHECKOUT_SERVER=https://shop.example checkout rules push --activate --key-file key.txt`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&root, "root", "", "`FOLDER` around the rules, with their tests")
	cmd.Flags().StringVarP(&message, "message", "m", "", "say `WHY`")
	cmd.Flags().BoolVar(&activate, "activate", false, "put the rules in force")
	cmd.Flags().BoolVar(&force, "force", false, "with --activate, also when their tests fail")
	return remoteTool(s, cmd, func(ctx context.Context, c *client.ClientWithResponses, args []string) (rendering, error) {
		folder := "rules"
		if len(args) > 0 {
			folder = args[0]
		}
		bundle, err := readBundle(folder, root)
		if err != nil {
			return nil, err
		}
		bundle.Message = message
		published, err := publishBundle(ctx, c, bundle)
		if err != nil || !activate {
			return toldAs(published, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "published %s; put it in force by checkout rules activate\n", published.Digest)
				return err
			}), err
		}
		return activateRuleset(ctx, c, published.Digest, "", v1.ActivationRequest{Message: message, Force: force})
	})
}

func publishBundle(ctx context.Context, c *client.ClientWithResponses, bundle v1.RulePublication) (*v1.Ruleset, error) {
	r, err := c.PublishRulesetWithResponse(ctx, &v1.PublishRulesetParams{IdempotencyKey: onceKey()}, bundle)
	if err != nil {
		return nil, unanswered(err)
	}
	published := r.JSON201
	if published == nil {
		published = r.JSON200 // which was kept before
	}
	return asked(published, r.ApplicationProblemJSONDefault, r.HTTPResponse)
}

// readBundle reads the YAML files below the root, which is the folder of the rules where
// it is "".
func readBundle(folder, root string) (v1.RulePublication, error) {
	var bundle v1.RulePublication
	if root == "" {
		root = folder
	}
	rules, err := filepath.Rel(root, folder)
	if err != nil || strings.HasPrefix(filepath.ToSlash(rules), "../") || rules == ".." {
		return bundle, usageError{error: fmt.Errorf("--root %s: the rules in %s are not below it", root, folder)}
	}
	if rules != "." {
		bundle.Rules = filepath.ToSlash(rules)
	}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case !entry.Type().IsRegular() || filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml":
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, name)
		bundle.Files = append(bundle.Files, v1.RuleFile{Path: filepath.ToSlash(inside), Content: string(data)})
		return err
	})
	switch {
	case err != nil:
		return bundle, environmentError(fmt.Errorf("read the rules: %w", err))
	case len(bundle.Files) == 0:
		return bundle, usageError{error: fmt.Errorf("%s has no rule files: name the folder of the rules", root)}
	}
	return bundle, nil
}

func newRulesActivate(s Streams) *cobra.Command {
	var message, expected string
	var force bool
	cmd := &cobra.Command{
		Use:   "activate DIGEST",
		Short: "Put a published ruleset in force",
		Long: `Put a ruleset in force that a server keeps, on all servers of its database. The tests
that were published with it have to pass.` + overTheAPI,
		Example: `  checkout rules activate 5a3b5e7ac05348b8aee8d187dd495ae144f161917bf123793661837a0d6e57c7 -m "Black Friday"`,
		Args:    arguments("the digest of a ruleset", 1, 1),
	}
	bindActivation(cmd, &message, &expected)
	cmd.Flags().BoolVar(&force, "force", false, "also when its tests fail")
	return remoteTool(s, cmd, func(ctx context.Context, c *client.ClientWithResponses, args []string) (rendering, error) {
		return activateRuleset(ctx, c, args[0], expected, v1.ActivationRequest{Message: message, Force: force})
	})
}

func bindActivation(cmd *cobra.Command, message, expected *string) {
	cmd.Flags().StringVarP(message, "message", "m", "", "say `WHY`")
	cmd.Flags().StringVar(expected, "expect", "", "only if the ruleset with the `DIGEST` is in force")
}

func activateRuleset(ctx context.Context, c *client.ClientWithResponses, digest, expected string, body v1.ActivationRequest) (rendering, error) {
	r, err := c.ActivateRulesetWithResponse(ctx, digest, &v1.ActivateRulesetParams{IdempotencyKey: onceKey(), IfMatch: etag(expected)}, body)
	if err != nil {
		return nil, unanswered(err)
	}
	return activated(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

// etag is the one of a ruleset, nil for any.
func etag(digest string) *v1.IfMatchRuleset {
	if digest == "" {
		return nil
	}
	tag := `"` + digest + `"`
	return &tag
}

func activated(a *v1.Activation, err error) (rendering, error) {
	return toldAs(a, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "in force: %s\nbefore:   %s\n", a.Digest, a.Previous)
		return err
	}), err
}

func newRulesRollback(s Streams) *cobra.Command {
	var message, expected string
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Put the ruleset in force that was so before",
		Long: `Put the ruleset in force that was so before the one in force, on all servers of the
database. To roll back twice changes nothing.` + overTheAPI,
		Example: `  checkout rules rollback -m "too generous"`,
		Args:    noArguments,
	}
	bindActivation(cmd, &message, &expected)
	return remoteTool(s, cmd, func(ctx context.Context, c *client.ClientWithResponses, _ []string) (rendering, error) {
		r, err := c.RollbackRulesetWithResponse(ctx, &v1.RollbackRulesetParams{IdempotencyKey: onceKey(), IfMatch: etag(expected)}, v1.ActivationRequest{Message: message})
		if err != nil {
			return nil, unanswered(err)
		}
		return activated(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
	})
}

func newRulesHistory(s Streams) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Tell which rulesets a server had in force",
		Long: `Tell which rulesets were put in force, when, by whom and why, the newest first. The
server is asked over its API, with a key of the scope rules:read.`,
		Example: `  checkout rules history --limit 5 -o json`,
		Args:    noArguments,
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "tell at most `N`, up to 200")
	return remoteTool(s, cmd, func(ctx context.Context, c *client.ClientWithResponses, _ []string) (rendering, error) {
		if limit < 1 || limit > 200 {
			return nil, usageError{error: fmt.Errorf("--limit %d: want 1 to 200", limit)}
		}
		r, err := c.ListActivationsWithResponse(ctx, &v1.ListActivationsParams{Limit: &limit})
		if err != nil {
			return nil, unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		return toldAs(page, func(w io.Writer) error {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, a := range page.Activations {
				fmt.Fprintf(t, "%s\t%.12s\t%s\t%s\n", a.ActivatedAt.Format(time.RFC3339), a.Digest, a.Author, a.Message)
			}
			return t.Flush()
		}), err
	})
}
