package main

import (
	"encoding/json"
	"io"
	"os"

	"github.com/spf13/cobra"

	"runbook/engine/module"
)

func getenv(name string) string { return os.Getenv(name) }

// output is the value of -o.
type output string

const (
	asText output = "text"
	asJSON output = "json"
)

func (o *output) String() string { return string(*o) }

// Type names the value in help texts.
func (o *output) Type() string { return "text|json" }

// Set accepts text and json.
func (o *output) Set(s string) error {
	switch output(s) {
	case asText, asJSON:
		*o = output(s)
		return nil
	}
	return usage("-o must be text or json, got %q%s", s, module.DidYouMean(s, []string{"text", "json"})).Error
}

// addOutput gives a command the flag -o.
func addOutput(cmd *cobra.Command) *output {
	o := asText
	cmd.Flags().VarP(&o, "output", "o", "text for people, or json for programs")
	return &o
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
