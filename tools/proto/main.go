// Command proto compiles the contract of plugins, plugins/proto, to Go, and checks that it only grows. It needs no protoc: the
// compiler is bufbuild/protocompile, and the generators are the tools of this module. It runs in its own folder.
//
//	go run . generate    # writes plugins/internal/pluginpb
//	go run . check       # fails where that is stale, or where the contract breaks with plugins/proto/released.binpb
//	go run . release     # takes the contract as it is for released
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	protoDir = "../../plugins/proto"
	goDir    = "../../plugins/internal/pluginpb"
	released = protoDir + "/released.binpb"
	contract = "checkout/plugin/v1/plugin.proto"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "proto:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("want generate, check or release")
	}
	set, err := compile(protoDir, contract)
	if err != nil {
		return err
	}
	switch args[0] {
	case "generate":
		return generate(set)
	case "check":
		return errors.Join(checkGenerated(set), checkReleased(set))
	case "release":
		return release(set)
	default:
		return fmt.Errorf("%q: want generate, check or release", args[0])
	}
}

// compile returns the descriptors of a file and of what it imports, imports first, with their comments.
func compile(dir, name string) (*descriptorpb.FileDescriptorSet, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{dir}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(context.Background(), name)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", name, err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	imports := files[0].Imports()
	for i := range imports.Len() {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(imports.Get(i)))
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(files[0]))
	return set, nil
}

// generated returns the Go files of the contract by their names.
func generated(set *descriptorpb.FileDescriptorSet) (map[string]string, error) {
	files := make(map[string]string)
	for _, generator := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
			FileToGenerate: []string{contract}, Parameter: proto.String("paths=source_relative"), ProtoFile: set.File,
		})
		if err != nil {
			return nil, err
		}
		cmd := exec.Command("go", "tool", generator)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(request), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", generator, err)
		}
		var response pluginpb.CodeGeneratorResponse
		if err := proto.Unmarshal(out, &response); err != nil {
			return nil, fmt.Errorf("read what %s says: %w", generator, err)
		}
		if response.Error != nil {
			return nil, fmt.Errorf("%s: %s", generator, response.GetError())
		}
		for _, f := range response.File {
			files[filepath.Base(f.GetName())] = f.GetContent()
		}
	}
	return files, nil
}

func generate(set *descriptorpb.FileDescriptorSet) error {
	files, err := generated(set)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(goDir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func checkGenerated(set *descriptorpb.FileDescriptorSet) error {
	files, err := generated(set)
	if err != nil {
		return err
	}
	var stale []error
	for name, want := range files {
		path := filepath.Join(goDir, name)
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			stale = append(stale, fmt.Errorf("%s is not what %s makes; run make proto", strings.TrimPrefix(path, "../../"), contract))
		}
	}
	return errors.Join(stale...)
}

func checkReleased(set *descriptorpb.FileDescriptorSet) error {
	data, err := os.ReadFile(released)
	if err != nil {
		return err
	}
	var before descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &before); err != nil {
		return fmt.Errorf("read %s: %w", released, err)
	}
	breaks, err := breaking(&before, set)
	if err != nil {
		return err
	}
	if len(breaks) > 0 {
		return fmt.Errorf("%s breaks plugins that exist; add, and leave what was released as it is:\n  %s", contract, strings.Join(breaks, "\n  "))
	}
	return nil
}

// release writes the descriptors without comments and places. What was released stays in force.
func release(set *descriptorpb.FileDescriptorSet) error {
	if err := checkReleased(set); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range set.File {
		f.SourceCodeInfo = nil
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(released, data, 0o644)
}
