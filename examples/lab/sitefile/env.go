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
	// What comes before the files in AWS's tools: what is meant for the lab must not reach an account of the user's.
	text += "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_REGION AWS_DEFAULT_REGION " +
		"AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS\n"
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
