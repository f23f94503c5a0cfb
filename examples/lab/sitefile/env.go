package sitefile

import (
	"fmt"
	"os"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/shell"
)

// WriteEnv writes what a shell sources, so that the tools people use mean the lab in dir.
func WriteEnv(dir layout.Dir) error {
	text := fmt.Sprintf("# For a shell: . %s\nexport PATH=%s:$PATH\n", shell.Quoted(dir.Env()), shell.Quoted(dir.Bin()))
	for _, variable := range []struct{ name, value string }{
		{"KUBECONFIG", dir.Kubeconfig()},
		{"AWS_CONFIG_FILE", dir.AWSConfig()},
		{"AWS_SHARED_CREDENTIALS_FILE", dir.AWSCredentials()},
	} {
		text += fmt.Sprintf("export %s=%s\n", variable.name, shell.Quoted(variable.value))
	}
	if err := os.WriteFile(dir.Env(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write what a shell sources: %w", err)
	}
	return nil
}
