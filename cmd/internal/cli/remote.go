package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/api/client"
	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/config"
)

const (
	serverVariable = config.ServerVariable
	keyVariable    = config.KeyVariable
	defaultServer  = "http://localhost:8000"
	// remoteWait is how long a server may take to answer: it runs tests on the way.
	remoteWait = time.Minute
)

// remote is a server that is asked over version 1 of the API. Its key is never on the
// command line, which other users of the machine can see.
type remote struct{ server, keyFile, once string }

// bind adds the flags that say which server it is.
func (r *remote) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.server, "server", "", "`URL` of the server (default "+serverVariable+", or "+defaultServer+")")
	cmd.Flags().StringVar(&r.keyFile, "key-file", "", "`FILE` with the key of the API (default "+keyVariable+")")
}

// remoteTool makes run, which asks the server and returns what to tell of it, the action
// of the command.
func remoteTool(s Streams, cmd *cobra.Command, run func(ctx context.Context, c *client.ClientWithResponses, args []string) (rendering, error)) *cobra.Command {
	var formats []string
	var r remote
	addOutput(cmd, &formats)
	r.bind(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		c, err := r.open(cmp.Or(r.server, variable(s.Env, serverVariable), defaultServer), s.Env)
		if err != nil {
			return err
		}
		tell, err := run(cmd.Context(), c.ClientWithResponses, args)
		if err != nil {
			return err
		}
		return write(outputs, s.Out, tell)
	}
	return cmd
}

// caller calls a server.
type caller struct {
	*client.ClientWithResponses
	// key is the Idempotency-Key of the one request of the command that writes.
	key string
}

// open makes what calls the server, with the key of the API that r or the environment has.
func (r *remote) open(server string, env []string) (*caller, error) {
	key := variable(env, keyVariable)
	if r.keyFile != "" {
		text, err := os.ReadFile(r.keyFile)
		if err != nil {
			return nil, environmentError(fmt.Errorf("read the key: %w", err))
		}
		key = strings.TrimSpace(string(text))
	}
	if key == "" {
		return nil, usageError{error: fmt.Errorf("no key of the API: set %s, or name a file with --key-file; checkout keys create makes one", keyVariable)}
	}
	if at, err := url.Parse(server); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, usageError{error: fmt.Errorf("--server %s: want the URL of a server, such as https://shop.example", server)}
	}
	c, err := client.NewClientWithResponses(server, client.WithHTTPClient(patient{&http.Client{Timeout: remoteWait}}),
		client.WithRequestEditorFn(func(_ context.Context, q *http.Request) error {
			q.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	if err != nil {
		return nil, usageError{error: fmt.Errorf("--server %s: %w", server, err)}
	}
	return &caller{c, cmp.Or(r.once, onceKey())}, nil
}

// variable returns the last value of a variable of the environment.
func variable(env []string, name string) string {
	value := ""
	for _, v := range env {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			value = text
		}
	}
	return value
}

// onceKey is an Idempotency-Key for one request.
func onceKey() string { return rand.Text() }

// unanswered says that a request got no answer.
func unanswered(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return environmentError(fmt.Errorf("ask the server: %w; is it running, and --server right?", err))
}

// unanswered is what is said of a request that writes and got no answer: the command is
// safe to repeat with its key.
func (c *caller) unanswered(err error) error {
	if errors.Is(err, context.Canceled) || neverSent(err) {
		return unanswered(err)
	}
	return environmentError(fmt.Errorf("ask the server: %w; it may have done it: run the command again with --idempotency-key %s, and it is done once", err, c.key))
}

// asked returns what a server has answered, or how it has refused.
func asked[T any](answer *T, problem *v1.Problem, response *http.Response) (*T, error) {
	switch {
	case answer != nil:
		return answer, nil
	case problem == nil || problem.Code == "": // as of another server, or another path
		return nil, environmentError(fmt.Errorf("ask the server: it answered %s, which is no answer of this API; is --server right?", response.Status))
	case problem.Status >= http.StatusInternalServerError:
		return nil, environmentError(problemError{problem, problemPage(problem, response)})
	case slices.Contains(wrongRequests(), problem.Code):
		return nil, codedError{exitUsage, problemError{problem, problemPage(problem, response)}}
	}
	return nil, codedError{exitFindings, problemError{problem, problemPage(problem, response)}}
}

// wrongRequests are the codes of problems that are about how the command was called.
func wrongRequests() []string { return []string{"invalid_body", "invalid_parameter", "pause_over"} }

// problemPage is the address of the page of a problem.
func problemPage(problem *v1.Problem, response *http.Response) string {
	at, err := response.Request.URL.Parse(problem.Type)
	if err != nil || problem.Type == "" {
		return ""
	}
	return at.String()
}

// problemError is a problem that a server has told, and the address of its page.
type problemError struct {
	*v1.Problem
	page string
}

// Error implements error.
func (e problemError) Error() string {
	var b strings.Builder
	what := "refuses"
	if e.Status >= http.StatusInternalServerError {
		what = "cannot do that now"
	}
	fmt.Fprintf(&b, "the server %s: %s (%s)", what, plainText(e.Detail), e.Code)
	for _, place := range e.Errors {
		if text := strings.TrimPrefix(place.Pointer+": ", ": ") + place.Detail; text != e.Detail {
			fmt.Fprintf(&b, "\n  %s", plainText(text))
		}
	}
	if e.page != "" {
		fmt.Fprintf(&b, "\n  see %s", e.page)
	}
	return b.String()
}

// toldAs makes a rendering of what is told in lines, and of its JSON.
func toldAs(value any, pretty func(io.Writer) error) rendering {
	return func(w io.Writer, format string) error {
		if format == formatJSON {
			return writeJSON(w, value)
		}
		return pretty(w)
	}
}
