using System.Globalization;
using Rqml.DoesItPay.Measuring;
using Rqml.DoesItPay.Reporting;

namespace Rqml.DoesItPay.Labelling;

/// <summary>Labels the 797 digits that no model has learnt from, in batches of 16.</summary>
internal sealed class LabellingStudy : IStudy
{
    private const double PointsLostMax = 0.5;
    private const double CostShareMax = 0.5;
    private const double FlaggedMax = 0.25;
    private const double ErrorsFlaggedMin = 0.75;

    public string Job => "labelling";

    public async Task<StudyReport> RunAsync(int seeds, Action<string> say)
    {
        await using var small = new FixedPipeline("softmax alone", new SoftmaxModel());
        await using var third = new FixedPipeline("perceptron alone", new PerceptronModel());
        await using var reduced = new FixedPipeline("reduced ridge", RidgeModel.Reduced);
        await using var half = new FixedPipeline("half ridge", RidgeModel.Half);
        await using var large = new FixedPipeline("always ridge", RidgeModel.Full);
        await using var cascade = new FixedPipeline("fixed cascade", new SoftmaxModel(), RidgeModel.Full);
        await using var three = new FixedPipeline("fixed cascade of three", new SoftmaxModel(), RidgeModel.Doubting, new CommitteeModel());
        await using var ladder = await RqmlLabelling.WithoutVotesAsync();
        await using var votes = await RqmlLabelling.WithVotesAsync();
        ILabelRegime[] regimes = [small, third, reduced, half, large, cascade, three, ladder, votes];

        var trials = new List<LabelTrial>();
        for (var seed = 1; seed <= seeds; seed++)
        {
            trials.Add(await LabelTrial.RunAsync(regimes, (ulong)seed));
            say($"labelling: seed {seed} of {seeds}");
        }

        var whole = await LabelTrial.RunAsync(regimes, seed: 0);
        RegimeTrials Of(ILabelRegime regime) => new(regime.Name, [.. trials.Select(trial => trial.Of(regime))]);
        return new StudyReport
        {
            Job = Job,
            Title = "Labelling 797 handwritten digits",
            Quality = new Scale("accuracy", "%", Decimals: 2),
            Cost = new Scale("CPU", "µs an image", Decimals: 2),
            Regimes = [.. regimes.Select(Of)],
            Reference = large.Name,
            Cascades = [cascade.Name, three.Name],
            Contenders = [ladder.Name, votes.Name],
            Promises =
            [
                NearTheLarge(Of(cascade), Of(large)),
                AheadOfTheReduced(Of(cascade), Of(reduced)),
                AsTheCascade(Of(ladder), Of(cascade)),
                AheadOf(Of(votes), Of(cascade)),
                AheadOf(Of(votes), Of(three)),
                KnowsItsErrors([.. trials.Select(trial => trial.Flagged(small))]),
            ],
            Notes = Notes([.. regimes.Select(regime => (regime.Name, whole.Of(regime)))], [.. regimes.Select(regime => (regime.Name, Estimate.Of(trials.Select(trial => trial.WaitOf(regime)))))]),
        };
    }

    private static Promise NearTheLarge(RegimeTrials cascade, RegimeTrials large)
    {
        var (beyond, share) = (cascade.QualityBeyond(large), cascade.CostShareOf(large));
        return new Promise(
            "fixed cascade: within 0.5 points of always ridge, at no more than 50 % of its CPU",
            $"{beyond.Format(2)} points at {(share * 100).Format(1)} % of the CPU",
            beyond.Mean >= -PointsLostMax && share.Mean <= CostShareMax);
    }

    private static Promise AheadOfTheReduced(RegimeTrials cascade, RegimeTrials reduced)
    {
        var (beyond, share) = (cascade.QualityBeyond(reduced), cascade.CostShareOf(reduced));
        return new Promise(
            "fixed cascade: ahead of the reduced ridge by more than two standard errors, at no greater CPU",
            $"{beyond.Format(2)} points at {(share * 100).Format(1)} % of the CPU",
            beyond.IsClearlyPositive && share.Mean <= 1);
    }

    private static Promise AsTheCascade(RegimeTrials ladder, RegimeTrials cascade)
    {
        var beyond = ladder.QualityBeyond(cascade);
        return new Promise(
            "a check of the setting: Rqml without votes labels as the fixed cascade does, seed by seed", $"{beyond.Format(2)} points at {(ladder.CostShareOf(cascade) * 100).Format(1)} % of the CPU",
            beyond is { Mean: 0, StandardError: 0 });
    }

    private static Promise AheadOf(RegimeTrials votes, RegimeTrials cascade)
    {
        var beyond = votes.QualityBeyond(cascade);
        return new Promise(
            $"Rqml: ahead of the {cascade.Regime} by more than two standard errors", $"{beyond.Format(2)} points at {(votes.CostShareOf(cascade) * 100).Format(1)} % of the CPU",
            beyond.IsClearlyPositive);
    }

    private static Promise KnowsItsErrors(IReadOnlyList<(double Images, double Errors)> flagged)
    {
        var (images, errors) = (Estimate.Of(flagged.Select(part => part.Images)), Estimate.Of(flagged.Select(part => part.Errors)));
        return new Promise(
            "softmax: at least 75 % of its errors in a flagged part of at most 25 %",
            $"{(errors * 100).Format(1)} % of the errors in {(images * 100).Format(1)} % of {Digits.Test.Count} images",
            errors.Mean >= ErrorsFlaggedMin && images.Mean <= FlaggedMax);
    }

    private static ImmutableArray<string> Notes(IReadOnlyList<(string Regime, Trial Trial)> whole, IReadOnlyList<(string Regime, Estimate Microseconds)> waits) =>
    [
        "Each seed draws 1,000 of the 1,000 training lines with replacement, and all models learn from that sample. The test images are the same for all "
            + "seeds: the errors shown are those of learning from other lines, not of reading other images.",
        $"CPU: {ThreadClock.Describe}, model calls only, learning not counted. Regimes take turns batch by batch in one process; "
            + "median of five warm rounds a seed.",
        "The ridge compares an image with every different line of its sample, about 632; the reduced one with a third of them, the half one with half, "
            + "both fitted to all lines of the sample.",
        "Rqml: the ridge leaves open what it gives less than 0.5; softmax, ridge and committee vote on the batch, and where it is refused the committee labels those "
            + "images: all three families, each on the image as it is and upright, weighed by the log-odds of what they read rightly of left-out lines. "
            + "The fixed cascade of three asks the same models without a vote: it was added when a first run showed Rqml ahead of the cascade of two, to tell the third model's part from the vote's.",
        "The models are functions, so that to look at an artifact twice would tell nothing: both regimes of Rqml are told by the models' agreement what has converged, and "
            + "use none of the rules of convergence. Rqml without votes is then the fixed cascade, run by the ladder; what it costs beyond that is what the ladder costs.",
        $"On the wall, with all that is around the models, the median batch of {LabelJob.BatchSize} took: {string.Join("; ", waits.Select(one => $"{one.Regime} {one.Microseconds.Format(0)} µs"))}.",
        $"Learnt from all 1,000 lines, each once (one run): {string.Join("; ", whole.Select(one => Describe(one.Regime, one.Trial)))}.",
    ];

    private static string Describe(string regime, Trial trial) =>
        string.Create(CultureInfo.InvariantCulture, $"{regime} {trial.Quality:F1} % at {trial.Cost:F2} µs");
}
