// Package secret reads secrets by reference: ${env:NAME} from the environment, ${file:PATH} from a file. A reference may stand where a
// secret must not, on a command line, in a site file or in a journal, and is read again whenever the secret is needed.
//
// It keeps nothing and prints nothing. Read next: engine/redact, which keeps what was read out of everything that is written.
package secret

import (
	"os"
	"regexp"
	"strings"

	"runbook/engine/action"
)

var reference = regexp.MustCompile(`^\$\{(env|file):([^}]+)\}$`)

// IsReference tells whether text is a reference to a secret.
func IsReference(text string) bool { return reference.MatchString(text) }

var within = regexp.MustCompile(`\$\{(env|file):[^}]+\}`)

// Expand returns a text with the secret that each reference in it means in its place, and these secrets.
func Expand(text string) (expanded string, secrets []string, err error) {
	expanded = within.ReplaceAllStringFunc(text, func(reference string) string {
		value, failed := Read(reference)
		if failed != nil {
			err = failed
			return reference
		}
		secrets = append(secrets, value)
		return value
	})
	if err != nil {
		return "", nil, err
	}
	return expanded, secrets, nil
}

// Read returns the secret that a reference means. A file's last newline does not belong to it. Its errors never hold the secret.
func Read(text string) (string, error) {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		return "", action.Errorf(action.CodeInvalid, "not a reference to a secret").Try("write ${env:NAME} or ${file:PATH}")
	}
	if m[1] == "env" {
		value, ok := os.LookupEnv(m[2])
		if !ok || value == "" {
			return "", action.Errorf(action.CodeInvalid, "the environment has no variable %s", m[2]).Try("export %s=…", m[2])
		}
		return value, nil
	}
	content, err := os.ReadFile(m[2])
	if err != nil {
		return "", action.Errorf(action.CodeInvalid, "cannot read a secret: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"), nil
}
