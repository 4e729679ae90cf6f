using Quickstart.Learning;

namespace Quickstart;

/// <summary>The finished classifiers vote on the digits that nothing has seen before.</summary>
public sealed record Ballot(IReadOnlyList<int> Labels, double Accuracy, int Errors, int Disputed, int DisputedErrors)
{
    public static Ballot Of(IReadOnlyList<Classifier> members)
    {
        var votes = Enumerable.Range(0, Digits.Test.Count).AsParallel().AsOrdered().Select(line => Vote.Of(members, Digits.Test.Pixels(line))).ToArray();
        var errors = Enumerable.Range(0, votes.Length).Where(line => votes[line].Label != Digits.Test.Label(line)).ToArray();
        return new Ballot(
            [.. votes.Select(vote => vote.Label)], 1 - errors.Length / (double)votes.Length, errors.Length,
            votes.Count(vote => vote.IsDisputed), errors.Count(line => votes[line].IsDisputed));
    }

    /// <summary>What one model learns alone, from all the training lines: what the vote has to be compared with.</summary>
    public static double Alone(ITrainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Classifier? before = null;
        for (var current = trainer.Train(null, Bootstrap.Everything); ; current = trainer.Train(before, Bootstrap.Everything))
        {
            if (before is not null && Agreement.Of(before, current) >= 0.995) return Quickstart.Learning.Accuracy.On(current, Digits.Test);
            before = current;
        }
    }
}
