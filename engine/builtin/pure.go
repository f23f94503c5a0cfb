package builtin

import "runbook/engine/module"

// Pure are the modules that need nothing but their arguments, and no run.
func Pure() []*module.Module {
	return []*module.Module{jsonModule(), yamlModule(), regexModule(), spellingModule()}
}
