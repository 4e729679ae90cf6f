using Rqml.Checkpoints;
using Rqml.Ledgers;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Storage;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// Watches supervised tasks from the application's side: what models, validators, voters and policies said, and which decisions became durable. Letters name the
/// properties: (h) every decision is recorded, carried out, and decided again by whoever replays it, (i) budgets hold, and nothing is forgotten of what was used,
/// (j) the best artifact is never lost, (k) a vote is what its voters cast, and a validator with the last word has it.
/// </summary>
internal sealed class SupervisionJudge(World world, Judge judge)
{
    private readonly Dictionary<(int Process, TaskId Task), Account> _accounts = [];
    private readonly RecordJudge _records = new(judge);
    private readonly Dictionary<ClassKey, TaskClassDefinition> _classes = [];
    private readonly Dictionary<TaskId, Allowance> _tasks = [];
    private readonly Dictionary<string, int> _processes = [];                                                   // by endpoint, the newest
    private readonly Dictionary<string, Boundary> _copies = [];                                                 // by what was copied
    private readonly Dictionary<Attempt, Boundary> _brought = [];
    private readonly Dictionary<TaskId, Attempt> _lastBrought = [];
    private (int Process, TaskId Task) _asked;

    public SupervisionCoverage Coverage { get; } = new();

    public VoteJudge Votes => field ??= new VoteJudge(judge, Coverage);

    /// <summary>A class that is supervised, as one of the processes runs it.</summary>
    public void Know(TaskClassDefinition @class) => _classes[@class.Key] = @class;

    /// <summary>A process starts on a machine.</summary>
    public void Started(string machine, SimulatedProcess process) => _processes[$"sim://{machine}/"] = process.Number;

    /// <summary>A node has copied a checkpoint of a task into the coordination store.</summary>
    public void Copied(string endpoint, TaskId task, RefinementSnapshot snapshot, ReadOnlySpan<byte> value)
    {
        var process = _processes[endpoint];
        KeptBrought(process, new Attempt(task, Records.Read(CheckpointCodec.Read(InlineCheckpointRecord.Parser.Read(value).State.ToByteArray(), task)!.Epoch)));
        if (_accounts.TryGetValue((process, task), out var account) && account.Find(snapshot.Passes) is { } boundary) _copies[Convert.ToBase64String(value)] = boundary;
    }

    /// <summary>A leader gives an attempt out with what another node has left of its task.</summary>
    public void Brought(Attempt attempt, byte[] left)
    {
        if (!_copies.TryGetValue(Convert.ToBase64String(left), out var boundary)) return;
        _brought[attempt] = boundary;
        _lastBrought[attempt.Task] = attempt;
    }

    /// <summary>A process starts on a machine that holds a task, with this checkpoint as the newest that is whole; null: with none.</summary>
    public void Started(string machine, SimulatedProcess process, TaskId task, Epoch held, (Epoch Epoch, int Iteration)? newest)
    {
        var from = newest is { } state ? _records.Find(machine, task, state.Epoch, state.Iteration) : Boundary.Beginning;
        if (from is null || !_tasks.TryGetValue(task, out var allowance)) return;      // of a class that nobody supervises
        _accounts[(process.Number, task)] = new Account(from, allowance.Class) { Epochs = { held }, IsResumed = from != Boundary.Beginning };
    }

    /// <summary>A machine has an attempt of a task durably.</summary>
    public void Obeyed(TaskSpec spec)
    {
        if (_classes.TryGetValue(spec.Class, out var @class)) _tasks.TryAdd(spec.Id, new Allowance(spec.Budget, @class));
    }

    /// <summary>A run of a task begins: at the boundary before, whatever the last one was about.</summary>
    public void RunBegan(SimulatedProcess process, TaskId task)
    {
        if (!_accounts.TryGetValue((process.Number, task), out var account))
        {
            // What it goes on from may ask the policy before it makes a pass.
            if (_lastBrought.TryGetValue(task, out var attempt)) _accounts[(process.Number, task)] = Resumed(attempt);
            return;
        }

        account.Accepted = null;
        BeginIteration(account);
    }

    public void IterationBegan(SimulatedProcess process, TaskId task)
    {
        if (_accounts.TryGetValue((process.Number, task), out var account)) BeginIteration(account);
    }

    /// <summary>What is decided next is about this task.</summary>
    public void PolicyAsked(SimulatedProcess process, TaskId task) => _asked = (process.Number, task);

    public void PassBegan(SimulatedProcess process, object worker, in PassRequest request, TaskClassDefinition @class)
    {
        var (attempt, iteration) = (request.Pass.Attempt, request.Pass.Iteration);
        var account = AccountOf(process, request, @class);
        if (account.Runner is not null) return;      // another pass of the same iteration
        account.Runner = worker;
        if (account.IsTakenOver) return;
        var at = account.At;
        var model = request.Pass.Model;
        if (at.Iteration + 1 != iteration) judge.Violated('h', $"{attempt} makes iteration {iteration} after {at.Iteration}");
        if (!at.Allows(model, name => TierOf(@class, name))) judge.Violated('h', $"{attempt} goes on with {model} in iteration {iteration}, which nobody decided: {Last(at)}");
        if (at.Vote > 0) judge.Violated('h', $"{attempt} makes iteration {iteration}, though a vote was decided and has not ended");
        if (at.Decided.Count > 0 && _tasks.TryGetValue(attempt.Task, out var allowance) && !allowance.IsLeft(at, at.Decided[^1].Seen.ElapsedMs)) judge.Violated('i', $"{attempt} makes iteration {iteration} with nothing left of its budget: {at.Passes} passes, cost {at.Cost}");
        if (at.IsArtifactKnown && request.HasArtifact && !at.Artifact.Span.SequenceEqual(request.Artifact.Span)) judge.Violated('j', $"{attempt} goes on from another artifact than it had come to in iteration {at.Iteration}");
    }

    public void PassMade(SimulatedProcess process, object worker, in PassInfo pass, PassResult? result, double? wasted)
    {
        if (!_accounts.TryGetValue((process.Number, pass.Attempt.Task), out var account) || account.Runner != worker) return;
        account.Passes.Add(new PassSeen(pass.Number, pass.Model, result, wasted));
    }

    public void Validated(SimulatedProcess process, TaskClassDefinition @class, in ValidationRequest request, IReadOnlyList<Validation> verdicts)
    {
        if (!_accounts.TryGetValue((process.Number, request.Attempt.Task), out var account)) return;
        account.Verdicts = verdicts;
        account.IsVetoed = verdicts.Where((verdict, place) => verdict.Judgement == Judgement.Reject && @class.Policy.Validators[place].Reliability >= 1).Any();
        if (account.Accepted is { IsArtifactKnown: true } accepted && !accepted.Artifact.Span.SequenceEqual(request.Artifact.Span)) judge.Violated('j', $"{request.Attempt} has another artifact validated than it accepted");
        for (var place = 0; place < verdicts.Count; place++) Coverage.Hit(verdicts[place]);
    }

    /// <summary>A policy threw: its task fails.</summary>
    public void DecidedNothing(SimulatedProcess process)
    {
        if (_accounts.TryGetValue((process.Number, _asked.Task), out var account)) account.HasPolicyFailed = true;
    }

    /// <summary>A policy decided.</summary>
    public void Decided(SimulatedProcess process, string machine, TaskClassDefinition @class, Observation seen, SupervisionDecision decision)
    {
        var task = _asked.Task;
        if (_asked.Process != process.Number || !_accounts.TryGetValue(_asked, out var account))
        {
            judge.Violated('h', $"a policy was asked about {task} on {machine}, of which nothing had run");
            return;
        }

        account = BroughtWithVote(account, task, seen) ?? account;
        world.Tell($"{machine}: {task} {seen.Kind} in iteration {seen.Iteration}, {seen.Passes} passes, cost {seen.Cost}: {decision.Action}");
        TakeOver(account, task, seen);
        var now = Now(account, @class, seen, task);
        Compare(now, seen, task);
        if (account.IsResumed) Coverage.Resumed(account.At);
        account.IsResumed = false;
        SupervisionDecision held;
        try
        {
            held = DecisionCheck.Hold(decision, seen, @class);
        }
        catch (PolicyFailedException)
        {
            account.HasPolicyFailed = true;
            account.End = now;
            return;
        }

        var hasRoom = decision.Action == SupervisionAction.Vote ? seen.BudgetLeft && seen.CanVote : seen.BudgetLeft;
        var expected = Ends(decision.Action) || hasRoom ? decision.Action : SupervisionAction.Exhaust;
        if (held.Action != expected) judge.Violated('i', $"{task} was to {decision.Action}, and does {held.Action}; its budget is {(seen.BudgetLeft ? "not " : "")}used up");
        Coverage.Hit(held.Action, seen.Kind);
        Follow(account, @class, seen, held.Action, now.With(new DecisionRecord(seen, held, @class.Policy.Supervision.Version, new NodeId(machine))));
    }

    /// <summary>Part of a commit became durable.</summary>
    public void Applied(string machine, SimulatedProcess process, in Write write)
    {
        if (write.Family != StoreFamily.Checkpoint || write.Kind != WriteKind.Put) return;
        if (write.Key.Length == CheckpointStore.StateKeyBytes) KeptBrought(process.Number, CheckpointStore.AttemptOf(write.Key));
        if (_accounts.TryGetValue((process.Number, TaskId.Read(write.Key)), out var account) && account.Epochs.Count > 0) _records.Applied(machine, account, write);
    }

    /// <summary>A node has a result durably.</summary>
    public void Finished(string machine, SimulatedProcess process, TaskId task, Settlement result)
    {
        if (!_accounts.TryGetValue((process.Number, task), out var account) || !account.Epochs.Contains(result.Epoch)) return;
        var end = account.End ?? account.Accepted?.With(account.Verdicts ?? []);
        if (account.HasPolicyFailed)
        {
            if (result.Outcome != Outcome.Failed) judge.Violated('h', $"{task} ended as {result.Outcome} on {machine}, though its policy had failed");
            if (end is null) return;
        }
        else if (end is null)
        {
            judge.Violated('h', $"{task} ended as {result.Outcome} on {machine} ({result.Reason}), and nobody decided that: {Last(account.At)}");
            return;
        }
        else if (result.Outcome != OutcomeOf(end.Decided[^1].Decision.Action))
        {
            judge.Violated('h', $"{task} ended as {result.Outcome} on {machine}, and it was decided otherwise: {Last(end)}");
        }

        if (!Account.Tells(result.Story, Recorded(account, end, result))) judge.Violated('h', $"the story of {task} on {machine} is not what was decided");
        if ((result.Iterations, result.Passes, result.Cost) != (end.Iteration, end.Passes, end.Cost)) judge.Violated('i', $"{task} ended on {machine} with {result.Iterations} iterations, {result.Passes} passes, cost {result.Cost}; it had used {end.Iteration}, {end.Passes}, {end.Cost}");
        if (result.Outcome == Outcome.Converged && account.Accepted is not null && account.IsVetoed) judge.Violated('k', $"{task} ended as {result.Outcome} on {machine}, though a validator with the last word had refused it");
        if (result.Outcome == Outcome.Converged && account is { Accepted: not null, Verdicts: { } verdicts } && verdicts.All(verdict => verdict.Judgement == Judgement.Abstain)) judge.Violated('k', $"{task} ended as {result.Outcome} on {machine}, though no validator had said anything");
        var artifact = result.Outcome == Outcome.Converged ? end.Artifact : end.Best;
        if (end.IsArtifactKnown && result.HasArtifact && !artifact.Span.SequenceEqual(result.Artifact.Span)) judge.Violated('j', $"{task} ended as {result.Outcome} on {machine} without the best artifact, which had a score of {end.BestScore}; its own is {result.Score}");
    }

    /// <summary>What the story has to tell: the decisions, and what the validators said where they had the last word.</summary>
    private IReadOnlyList<DecisionRecord> Recorded(Account account, Boundary end, Settlement result)
    {
        if (result.Outcome != Outcome.Converged || account.Accepted is null || account.Verdicts is not { } verdicts) return end.Decided;
        var (last, told) = (end.Decided[^1], result.Story.Steps.Count == 0 ? null : result.Story.Steps[^1]);
        if (told is null || !told.Opinions.Select(opinion => opinion.Judgement).SequenceEqual(verdicts.Select(verdict => verdict.Judgement))) return [];
        Coverage.Hit(told.Action, told.Kind);
        return [.. end.Decided, last with { Seen = last.Seen with { Kind = ObservationKind.Validated, Cost = end.Cost }, Decision = SupervisionDecision.Accept(told.Reason) }];
    }

    /// <summary>The application was told how its task ended.</summary>
    public void Settled(SupervisedWork work, TaskId task, Settlement settlement)
    {
        if (settlement.Node is null) return;      // the ledger's own word
        var allowance = new Allowance(work.Budget, _classes[work.Class]);
        if (settlement.Iterations > allowance.Iterations || settlement.Passes > allowance.Passes || settlement.Cost >= allowance.Cost + allowance.LargestStep)
        {
            judge.Violated('i', $"{task} made {settlement.Iterations} iterations and {settlement.Passes} passes at a cost of {settlement.Cost}; it had {allowance}");
        }

        if (settlement.HasArtifact && !double.IsNaN(settlement.Score) && settlement.Score != Sketch.Read(settlement.Artifact.Span).Quality) judge.Violated('j', $"the artifact of {task} has another score than it says");
    }

    /// <summary>What was brought is kept, or copied on, before its first pass.</summary>
    private void KeptBrought(int process, Attempt attempt)
    {
        var key = (process, attempt.Task);
        if (_brought.ContainsKey(attempt) && (!_accounts.TryGetValue(key, out var account) || !account.Epochs.Contains(attempt.Epoch))) _accounts[key] = Resumed(attempt);
    }

    /// <summary>What was brought may begin with the result of a vote; only a pass would name its attempt.</summary>
    private Account? BroughtWithVote(Account account, TaskId task, Observation seen)
    {
        if (seen.Vote is not { } vote || !_lastBrought.TryGetValue(task, out var attempt) || account.Epochs.Contains(attempt.Epoch)) return null;
        var from = _brought[attempt];
        if (from.Vote == 0 || from.Passes != seen.Passes - vote.Voters || (account.At.Vote > 0 && account.At.Passes == from.Passes)) return null;
        return _accounts[_asked] = Resumed(attempt);
    }

    private Account Resumed(Attempt brought) => new(_brought[brought], _tasks[brought.Task].Class) { Epochs = { brought.Epoch }, IsResumed = true };

    private static void BeginIteration(Account account)
    {
        account.Runner = null;
        account.Passes.Clear();
    }

    /// <summary>The account of the attempt that makes the pass: a new one where it begins afresh.</summary>
    private Account AccountOf(SimulatedProcess process, in PassRequest request, TaskClassDefinition @class)
    {
        var (key, epoch) = ((process.Number, request.Pass.Attempt.Task), request.Pass.Attempt.Epoch);
        var isKnown = _accounts.TryGetValue(key, out var account);
        if (isKnown && account!.Epochs.Contains(epoch)) return account;
        var isBrought = _brought.ContainsKey(request.Pass.Attempt);
        if (request.Pass.Iteration == 1 && !request.HasArtifact) _accounts[key] = account = new Account(Boundary.Beginning, @class);
        else if (!isKnown) _accounts[key] = account = isBrought ? Resumed(request.Pass.Attempt) : new Account(Boundary.Beginning, @class);
        else account!.TakenOver(isBrought ? _brought[request.Pass.Attempt] : null);
        account!.Epochs.Add(epoch);
        return account;
    }

    /// <summary>An attempt that took over from another of its task on the same node goes on from one of the boundaries that the other had come to.</summary>
    private void TakeOver(Account account, TaskId task, Observation seen)
    {
        if (!account.IsTakenOver) return;
        var spent = seen.Kind == ObservationKind.Voted ? seen.Vote!.Value.Voters : account.Passes.Count;
        if (account.Find(seen.Passes - spent) is { } from)
        {
            if (from.Passes < account.Written.Passes && !account.MayBeBrought) judge.Violated('i', $"{task} was taken over behind a checkpoint that its node has: from {from.Passes} passes, and not from {account.Written.Passes}");
            account.GoBack(from);
            return;
        }

        judge.Violated('i', $"{task} was taken over from a boundary that it had never come to: {seen.Passes} passes");
    }

    /// <summary>Where the task stands, by what was seen since the last boundary.</summary>
    private Boundary Now(Account account, TaskClassDefinition @class, Observation seen, TaskId task)
    {
        if (seen.Kind == ObservationKind.Rejected)
        {
            if (account.Accepted is { } accepted && account.Verdicts is { } verdicts) return accepted.With(verdicts).Refused();
            judge.Violated('h', $"{task} was rejected, and nobody had accepted it");
            return account.At;
        }

        if (account.Accepted is not null) judge.Violated('h', $"{task} was accepted, and then went on without a verdict");
        if (seen.Kind != ObservationKind.Voted) return account.At.With(account.Passes, name => CostOf(@class, name));
        var tally = seen.Vote!.Value;
        if (account.At.Vote == 0) judge.Violated('h', $"{task} took the result of a vote that nobody had called");
        else if (!Votes.HasClosed(task, account.At.Vote, tally)) judge.Violated('k', $"{task} took {tally} for the result of vote {account.At.Vote}, which came to something else");
        return account.At.With(tally);
    }

    private void Compare(Boundary now, Observation seen, TaskId task)
    {
        if (seen.Iteration != now.Iteration || seen.Failures != now.Failures || seen.Rejections != now.Rejections)
        {
            judge.Violated('h', $"{task} was seen in iteration {seen.Iteration} with {seen.Failures} failures and {seen.Rejections} rejections; it was in {now.Iteration} with {now.Failures} and {now.Rejections}");
        }

        var steppedBack = seen.Kind == ObservationKind.Refined && seen.Rung == now.Rung - 1;
        if (seen.Rung != now.Rung && !steppedBack) judge.Violated('h', $"{task} was seen on rung {seen.Rung}; it had been on {now.Rung}");
        if (seen.Passes != now.Passes || seen.Cost != now.Cost) judge.Violated('i', $"{task} was seen after {seen.Passes} passes and a cost of {seen.Cost}; it had used {now.Passes} and {now.Cost}");
        if (_tasks.TryGetValue(task, out var allowance) && seen.BudgetLeft != allowance.IsLeft(now, seen.ElapsedMs)) judge.Violated('i', $"{task} was told that its budget is {(seen.BudgetLeft ? "not " : "")}used up: {seen.Passes} passes, cost {seen.Cost} of {allowance}");
        if (now.Decided.Count > 0 && seen.ElapsedMs < now.Decided[^1].Seen.ElapsedMs) judge.Violated('i', $"{task} had worked for {now.Decided[^1].Seen.ElapsedMs} ms, and later for {seen.ElapsedMs}");
        if (!seen.BestScore.Equals(now.BestScore)) judge.Violated('j', $"the best score of {task} was seen as {seen.BestScore}; it was {now.BestScore}");
    }

    private static void Follow(Account account, TaskClassDefinition @class, Observation seen, SupervisionAction action, Boundary after)
    {
        account.Verdicts = null;
        account.IsVetoed = false;
        if (action == SupervisionAction.Accept && @class.Policy.HasValidators && seen.Vote?.Verdict != VoteVerdict.Accepted)
        {
            account.Accepted = after;
        }
        else if (Ends(action))
        {
            account.Accepted = null;
            account.End = after;
        }
        else
        {
            account.Reach(after);
        }
    }

    private static bool Ends(SupervisionAction action) => action is SupervisionAction.Accept or SupervisionAction.Terminate or SupervisionAction.Reject or SupervisionAction.Exhaust or SupervisionAction.Fail;

    private static Outcome OutcomeOf(SupervisionAction action) => action switch
    {
        SupervisionAction.Accept => Outcome.Converged,
        SupervisionAction.Terminate => Outcome.Unconverged,
        SupervisionAction.Reject => Outcome.Rejected,
        SupervisionAction.Exhaust => Outcome.BudgetExhausted,
        _ => Outcome.Failed,
    };

    private static int TierOf(TaskClassDefinition @class, string model) => @class.Models[@class.IndexOf(model)].Tier;

    private static double CostOf(TaskClassDefinition @class, string model) => @class.Models[@class.IndexOf(model)].Cost;

    private static string Last(Boundary boundary) => boundary.Decided.Count == 0 ? "nothing had been decided" : $"{boundary.Decided[^1].Seen.Kind} → {boundary.Decided[^1].Decision}";
}
