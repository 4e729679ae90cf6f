using System.Security.Cryptography;
using Rqml.Checkpoints;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Storage;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// Reads the checkpoints of supervised tasks as the disks get them: each is a boundary that its task came to, with every decision since the one before, and each
/// decision is made again by whoever asks the policy anew.
/// </summary>
internal sealed class RecordJudge(Judge judge)
{
    private readonly Dictionary<(string Machine, TaskId Task, Epoch Epoch, int Iteration), Boundary> _boundaries = [];

    /// <summary>The boundary that a checkpoint stands for; null where nobody has seen it written.</summary>
    public Boundary? Find(string machine, TaskId task, Epoch epoch, int iteration) => _boundaries.GetValueOrDefault((machine, task, epoch, iteration));

    /// <summary>A checkpoint's state, or its entry in the history, became durable; the state comes first.</summary>
    public void Applied(string machine, Account account, in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (write.Key.Length == CheckpointStore.StateKeyBytes) AppliedState(machine, task, account, Protocol.TaskCheckpoint.Parser.ParseFrom(write.Value));
        else AppliedEntry(machine, task, account, CheckpointEntry.Parser.ParseFrom(write.Value));
    }

    private void AppliedState(string machine, TaskId task, Account account, Protocol.TaskCheckpoint record)
    {
        var (epoch, state) = (Records.Read(record.Epoch), record.SupervisionState);
        if (!account.Epochs.All(known => known <= epoch))
        {
            // Of an attempt that was superseded while its checkpoint was on its way: its heir goes on from there, and does not keep those decisions again.
            if (account.Epochs.Contains(epoch) && account.Find(state.Passes) is { } late && late.Passes > account.Written.Passes) account.Written = late;
            return;
        }

        if (account.Find(state.Passes) is not { } boundary)
        {
            if (account.Epochs.Contains(epoch) && !account.IsTakenOver) judge.Violated('h', $"{machine} keeps a checkpoint of {task} that it never came to: {record.Iteration} iterations, {state.Passes} passes");
            return;
        }

        account.Written = boundary;
        _boundaries[(machine, task, epoch, record.Iteration)] = boundary;
        var best = record.IntermediateArtifacts.FirstOrDefault(artifact => artifact.Role == IntermediateArtifact.Types.Role.Best);
        if ((record.Iteration, state.Rung, state.Vote, state.Votes) != (boundary.Iteration, boundary.Rung, boundary.Vote, boundary.Votes)) judge.Violated('h', $"{machine} keeps another checkpoint of {task} than it had come to: iteration {record.Iteration}, rung {state.Rung}, vote {state.Vote}");
        if (state.Cost != boundary.Cost) judge.Violated('i', $"the checkpoint of {task} on {machine} says a cost of {state.Cost}; it was {boundary.Cost}");
        if (best is not null && boundary.IsArtifactKnown && !best.Sha256.Span.SequenceEqual(SHA256.HashData(boundary.Best.Span))) judge.Violated('j', $"the checkpoint of {task} on {machine} does not name the best artifact");
        if (!Account.Tells(SupervisionRecords.Read(state.Story), boundary.Decided)) judge.Violated('h', $"the story of {task} in its checkpoint on {machine} is not what was decided");
    }

    /// <summary>The decisions since the checkpoint before: all of them, and each as it was made.</summary>
    private void AppliedEntry(string machine, TaskId task, Account account, CheckpointEntry entry)
    {
        var epoch = Records.Read(entry.Epoch);
        if (!account.Epochs.Contains(epoch) || account.IsTakenOver) return;
        if (account.Epochs.Any(known => known > epoch) && IsKnown(account, entry)) return;
        if (account.MayKeepVote && account.Written.Decided.Count - account.DurableDecisions < entry.Decisions.Count) account.DurableDecisions--;
        account.MayKeepVote = false;
        var decided = account.Written.Decided.Skip(account.DurableDecisions).Select(SupervisionRecords.Write).ToArray();
        if (!decided.SequenceEqual(entry.Decisions)) judge.Violated('h', $"{machine} keeps {entry.Decisions.Count} decisions of {task} with a checkpoint; {decided.Length} were made since the one before");
        account.DurableDecisions = account.Written.Decided.Count;
        foreach (var record in entry.Decisions.Select(SupervisionRecords.Read)) Replay(machine, task, account, record);
    }

    /// <summary>Whether its heir went on from behind these decisions before they were durable.</summary>
    private static bool IsKnown(Account account, CheckpointEntry entry) =>
        entry.Decisions.Count <= account.DurableDecisions
        && account.Written.Decided.Take(account.DurableDecisions).TakeLast(entry.Decisions.Count).Select(SupervisionRecords.Write).SequenceEqual(entry.Decisions);

    private void Replay(string machine, TaskId task, Account account, DecisionRecord record)
    {
        var @class = account.Class;
        var again = DecisionCheck.Hold(((WatchedPolicy)@class.Policy.Supervision).Policy.Decide(record.Seen), record.Seen, @class);
        if (again != record.Decision) judge.Violated('h', $"{task} on {machine} was decided as {record.Decision}; the same observation, read from the disk, gives {again}");
    }
}
