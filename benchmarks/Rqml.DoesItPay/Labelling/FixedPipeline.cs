using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Labelling;

/// <summary>Models in a fixed order, each asked about what the one before left open. Nothing is decided, kept or distributed.</summary>
internal sealed class FixedPipeline : ILabelRegime
{
    private readonly ImmutableArray<MeteredModel> _models;

    public FixedPipeline(string name, params ReadOnlySpan<ILabelModel> models)
    {
        ArgumentOutOfRangeException.ThrowIfZero(models.Length, nameof(models));
        Name = name;
        var metered = ImmutableArray.CreateBuilder<MeteredModel>(models.Length);
        foreach (var model in models) metered.Add(new MeteredModel(model, Calls));
        _models = metered.MoveToImmutable();
    }

    public string Name { get; }

    public CallMeter Calls { get; } = new();

    public ValueTask<LabelBatch> LabelAsync(LabelJob job)
    {
        var batch = _models[0].Improve(null, job);
        foreach (var model in _models.AsSpan(1..))
        {
            if (batch.OpenCount == 0) break;
            batch = model.Improve(batch, job);
        }

        return ValueTask.FromResult(batch);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
