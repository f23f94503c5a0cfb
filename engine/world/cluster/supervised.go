package cluster

import (
	"runbook/engine/command"
	"runbook/engine/command/shell"
	"runbook/engine/world/scenario"
)

// supervised is the answer of a pod that is a host of the site: what stands around the command there is not simulated but answered for.
func (c *Cluster) supervised(pod Object, container string, w shell.Want, argv []string) scenario.Answer {
	word := shell.Missing
	if len(argv) > 0 && c.hasProgram(pod, container, argv[0]) {
		word = shell.Begun
	}
	switch {
	case w == shell.Name:
		return around(shell.Begun, scenario.Answer{Stdout: nameOf(pod) + "\n"})
	case w == shell.Find && word == shell.Begun:
		return around(word, scenario.Answer{Stdout: "/usr/bin/" + argv[0]})
	case w == shell.End, w == shell.Find, word == shell.Missing:
		return around(word, scenario.Answer{})
	}
	return around(word, c.plain(pod, container, argv))
}

// around has a login print its part.
func around(word string, said scenario.Answer) scenario.Answer {
	said.Stdout, said.Stderr = shell.Around(word, said.Stdout, said.ExitCode), shell.Around(word, said.Stderr, said.ExitCode)
	return said
}

func (c *Cluster) hasProgram(pod Object, container, program string) bool {
	for _, one := range c.cfg.Section.Commands {
		if len(one.Argv) > 0 && one.Argv[0] == program && c.answers(one, pod, container, one.Argv) {
			return true
		}
	}
	return false
}

// answers tells whether a command of the scenario is for that pod and container, and for those words.
func (*Cluster) answers(one scenario.Command, pod Object, container string, argv []string) bool {
	return command.Answers(one.Argv, argv) && (one.Container == "" || one.Container == container) && selects(one.Pods, pod)
}
