package journal

// kindDocs say what a record of each kind tells. A kind that is missing here fails a test, which says what to add.
var kindDocs = []struct {
	kind Kind
	doc  string
}{
	{KindRun, "the first record: what runs, where and for whom"},
	{KindStep, "a step begins"},
	{KindStepEnd, "a step ended"},
	{KindRead, "the script looked at something, and what it saw"},
	{KindWait, "the script waited for something, and how that ended"},
	{KindConsent, "a person, or a flag on a person's behalf, said yes or no to an action"},
	{KindIntent, "an action, on the disk before it is sent; in a dry run, instead of being sent"},
	{KindOutcome, "what came of an intent, which has the same key; an intent without one may have been sent or not"},
	{KindHost, "a value that the host gave the script: the time, a random number"},
	{KindAnswer, "what was answered to a question of the script"},
	{KindShow, "something that the script shows"},
	{KindAssume, "a dry run went on as if something held"},
	{KindWarning, "something that a person should know and that stops nothing"},
	{KindVerdict, "the script's judgement of the site; the last one counts"},
	{KindEnd, "the last record: how the run ended; a run that died has none"},
}

// fieldDocs say what a field means to a person who reads a journal, by the object in JSON that has it. A field that is missing here
// fails a test, which says what to add.
var fieldDocs = map[string]string{
	"record.seq":     "number of the record, from 1 and without a gap",
	"record.time":    "when it was written, by the run's clock: in a dry run, waiting moves it at once",
	"record.kind":    "what the record tells, and so which of the parts below it has",
	"record.branch":  "path of the parallel item that it belongs to",
	"record.key":     "the operation: records with the same key are about the same one",
	"record.call":    "the operation; also of consents, outcomes and assumptions that belong to one",
	"record.run":     "of kind run",
	"record.step":    "of kinds step and step_end",
	"record.intent":  "of kind intent",
	"record.outcome": "of kinds read, wait and outcome",
	"record.host":    "of kind host",
	"record.consent": "of kind consent",
	"record.answer":  "of kind answer",
	"record.show":    "of kind show",
	"record.assume":  "of kind assume",
	"record.warning": "of kind warning",
	"record.verdict": "of kind verdict",
	"record.end":     "of kind end",

	"run.format":  "version of the record format; a reader refuses one that is newer than its own",
	"run.id":      "the run's id: its time in UTC and four random characters; also its directory's name",
	"run.version": "version of runbook",
	"run.runbook": "name of the runbook",
	"run.path":    "path of the script",
	"run.source":  "where it was found: shipped, system, user, project or file",
	"run.digest":  "digest of the script and of what it required",
	"run.summary": "its summary, one line",
	"run.params":  "its parameters by name, with their defaults filled in",
	"run.site":    "what identifies the site: context, namespace, server, site",
	"run.user":    "who ran it, on this machine",
	"run.host":    "this machine",
	"run.mode":    "dry-run or run",
	"run.steps":   "names of its steps, in order",
	"run.may":     "what it may change",
	"run.clock":   "the run's clock at its start",
	"run.masked":  "parameters whose values are secret, and therefore not here",

	"step.number":  "from 1",
	"step.name":    "its name",
	"step.status":  "of step_end: ok, skipped, failed, declined, refused, timeout, memory or interrupted",
	"step.reason":  "of step_end: why it was skipped or failed",
	"step.elapsed": "of step_end: how long it took",

	"call.verb":     "what is done: kubernetes.delete",
	"call.target":   "to which object",
	"call.identity": "arguments that make it this operation and no other",
	"call.payload":  "arguments that may differ between a plan and its application, such as a text",
	"call.risk":     "of an action: routine, disruptive or destructive",
	"call.where":    "file:line of the call in the script",

	"target.system": "kubernetes, device, s3",
	"target.kind":   "pods, deployments.apps",
	"target.scope":  "namespace, bucket or host",
	"target.name":   "its name; a set of objects has none",

	"arg.name":  "name of the argument",
	"arg.value": "its value",

	"intent.number":   "of this action in the run, from 1; one that was declined leaves a gap",
	"intent.evidence": "what was seen of the target: only what still matches it is acted on",
	"intent.label":    "how far the prediction can be trusted: validated (the server accepted it), simulated or assumed",
	"intent.note":     "a line about the prediction",
	"intent.changes":  "what changes, as predicted; the first is the action's purpose",

	"evidence.uid": "the target's identity in its system",
	"evidence.old": "old values of the fields that are written, by path",

	"change.target":  "what changes",
	"change.op":      "create, update or delete",
	"change.diff":    "the difference, for people",
	"change.derived": "it follows from the action and is not its purpose",

	"outcome.status":   "of a read: done or failed; of a wait: met, assumed or failed; of an action: done, intended, failed or uncertain",
	"outcome.result":   "what the script got, unless it is large",
	"outcome.ref":      "the file in the run's directory that has a large result",
	"outcome.items":    "how many, where the result is a list",
	"outcome.note":     "a line about it",
	"outcome.error":    "why it failed",
	"outcome.attempts": "how many times it was tried, when more than once",
	"outcome.elapsed":  "how long it took",

	"error.code": "what kind of failure: invalid, not_found, exists, forbidden, unauthorized, conflict, throttled, unavailable, timeout, " +
		"rejected, uncertain, refused, declined, command, skipped, script or internal",
	"error.message": "what was attempted and what came back",
	"error.target":  "the object, if one is known",
	"error.hint":    "what to do or type next",
	"error.where":   "file:line in the script",
	"error.source":  "that line",

	"host.name":  "what was asked for: time.now, math.random",
	"host.value": "what the script got",

	"consent.scope":   "what was consented to: action, step (all of this step) or run (all of it)",
	"consent.granted": "yes or no",
	"consent.by":      "who said so: terminal, --yes",

	"answer.name":     "the parameter that answers it, for ask",
	"answer.question": "what was asked",
	"answer.value":    "the answer",
	"answer.by":       "who gave it: terminal, --yes, -p, dry run",

	"show.form":    "text, table or pairs",
	"show.title":   "its title",
	"show.text":    "of form text",
	"show.level":   "of form text: info or warn",
	"show.columns": "of form table",
	"show.rows":    "of form table, and of pairs with two columns",

	"assume.name":    "what was assumed; --assume NAME=timeout rehearses the other way",
	"assume.assumed": "what it was taken for: met, yes, or the choice",
	"assume.choices": "what it could have been",
	"assume.detail":  "what was seen instead",

	"warning.text": "what should be known",
	"warning.hint": "what to do or type",

	"verdict.state":   "healthy, degraded, down or unknown",
	"verdict.reason":  "why",
	"verdict.assumed": "it rests on something that a dry run assumed or intended",

	"end.status":  "ok, failed, declined, refused, timeout, memory or interrupted",
	"end.exit":    "the exit code",
	"end.error":   "why it ended early",
	"end.step":    "number of the step in which it ended early",
	"end.actions": "how many actions were done, or intended in a dry run",
	"end.elapsed": "how long the run took, by its clock",
}
