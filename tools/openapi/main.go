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
	value, err := read(document)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "openapi")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	sent := filepath.Join(folder, "openapi.json")
	optionalParameters(value)
	if err := writeJSON(sent, value); err != nil {
		return nil, err
	}
	forReaders(value)
	converted, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"api/openapi.json": append(converted, '\n')}
	for config, path := range map[string]string{"models": "api/v1/models.gen.go", "client": "api/client/client.gen.go"} {
		cmd := exec.Command("go", "tool", "oapi-codegen", "-config", config+".yaml", sent)
		cmd.Stderr = os.Stderr
		if files[path], err = cmd.Output(); err != nil {
			return nil, fmt.Errorf("generate %s: %w", path, err)
		}
	}
	return files, nil
}

func read(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var value map[string]any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return value, nil
}

func writeJSON(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// optionalParameters has parameters of queries and headers be pointers where they may be left out: the client would send
// empty ones, which the server refuses.
func optionalParameters(value any) {
	switch value := value.(type) {
	case map[string]any:
		if schema, ok := value["schema"].(map[string]any); ok && value["required"] != true && (value["in"] == "query" || value["in"] == "header") {
			schema["x-go-type-skip-optional-pointer"] = false
		}
		for _, member := range value {
			optionalParameters(member)
		}
	case []any:
		for _, element := range value {
			optionalParameters(element)
		}
	}
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
