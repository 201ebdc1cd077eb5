// Command openapi makes of api/openapi.yaml what is generated of it: the same document as JSON, the types of version 1,
// and the client in Go. The generator is oapi-codegen, a tool of this module. It runs in its own folder.
//
//	go run . generate    # writes the files
//	go run . check       # fails where one is stale
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	root     = "../../"
	document = root + "api/openapi.yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || args[0] != "generate" && args[0] != "check" {
		return errors.New("want generate or check")
	}
	files, err := generated()
	if err != nil {
		return err
	}
	var faults []error
	for path, text := range files {
		if args[0] == "generate" {
			faults = append(faults, os.WriteFile(filepath.Join(root, path), text, 0o644))
		} else if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != string(text) {
			faults = append(faults, fmt.Errorf("%s is not what api/openapi.yaml makes; run make generate", path))
		}
	}
	return errors.Join(faults...)
}

// generated returns the files by their paths in the repository.
func generated() (map[string][]byte, error) {
	converted, err := asJSON(document)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"api/openapi.json": converted}
	for config, path := range map[string]string{"models": "api/v1/models.gen.go", "client": "api/client/client.gen.go"} {
		cmd := exec.Command("go", "tool", "oapi-codegen", "-config", config+".yaml", document)
		cmd.Stderr = os.Stderr
		if files[path], err = cmd.Output(); err != nil {
			return nil, fmt.Errorf("generate %s: %w", path, err)
		}
	}
	return files, nil
}

// asJSON converts the document, without what only the generator reads. Members are sorted.
func asJSON(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var value map[string]any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	forReaders(value)
	converted, err := json.MarshalIndent(value, "", " ")
	return append(converted, '\n'), err
}

// forReaders takes the members out that begin with x-go-.
func forReaders(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if strings.HasPrefix(name, "x-go-") {
				delete(value, name)
			}
			forReaders(member)
		}
	case []any:
		for _, element := range value {
			forReaders(element)
		}
	}
}
