using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml;

/// <summary>Says what runs a task class and when it is done. Not thread-safe; used at start only.</summary>
public sealed class TaskClassBuilder<TPayload, TArtifact>
{
    private readonly TaskClass<TPayload, TArtifact> _class;
    private readonly List<ModelDescriptor> _models = [];
    private readonly Dictionary<string, Func<IServiceProvider, IRefinementModel<TPayload, TArtifact>>> _code = [];
    private readonly List<Func<IServiceProvider, IArtifactValidator<TPayload, TArtifact>>> _validators = [];
    private readonly List<string> _faults = [];
    private Func<IServiceProvider, IArtifactScorer<TPayload, TArtifact>>? _scorer;
    private Func<IServiceProvider, IArtifactSimilarity<TArtifact>>? _similarity;
    private ClassPolicy _policy = new();

    internal TaskClassBuilder(TaskClass<TPayload, TArtifact> @class) => _class = @class;

    /// <summary>Adds a model that the host's services make, once.</summary>
    /// <param name="tier">Its size: escalation goes from 0 up.</param>
    /// <param name="family">Models of one family fail alike; default: its type's name.</param>
    /// <param name="name">Unique in the class; default: its type's name.</param>
    /// <param name="cost">Declared cost of a call, above or equal to zero.</param>
    /// <param name="device">The kind of lane that a call needs; default "cpu". Others are declared with <c>AddDevices</c>; a node without them does not run the class.</param>
    public TaskClassBuilder<TPayload, TArtifact> AddModel<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TModel>(
        int tier = 0, string? family = null, string? name = null, double cost = 1, string device = NodeSettings.Processor)
        where TModel : class, IRefinementModel<TPayload, TArtifact> =>
        Add(name ?? typeof(TModel).Name, tier, family ?? typeof(TModel).Name, cost, device, services => ActivatorUtilities.GetServiceOrCreateInstance<TModel>(services));

    /// <summary>Adds a model that is a delegate.</summary>
    public TaskClassBuilder<TPayload, TArtifact> AddModel(
        string name, Func<RefinementContext<TPayload, TArtifact>, CancellationToken, ValueTask<Refinement<TArtifact>>> refine,
        int tier = 0, string? family = null, double cost = 1, string device = NodeSettings.Processor)
    {
        ArgumentNullException.ThrowIfNull(refine);
        var model = new DelegateModel(refine);
        return Add(name, tier, family ?? name, cost, device, _ => model);
    }

    /// <summary>An artifact has converged when every one of these rules holds.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ConvergeWhenAll(params ConvergenceRule[] rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _policy = _policy with { Rules = [.. rules] };
        return this;
    }

    /// <summary>A converged artifact below this score is not good enough: the next model goes on from the best. From 0 to 1; needs a score.</summary>
    public TaskClassBuilder<TPayload, TArtifact> AcceptAt(double score)
    {
        Check(score is >= 0 and <= 1, nameof(AcceptAt), score, "0 to 1");
        _policy = _policy with { AcceptAt = score };
        return this;
    }

    /// <summary>What scores artifacts; without it a score is the model's own confidence.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ScoreWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TScorer>()
        where TScorer : class, IArtifactScorer<TPayload, TArtifact>
    {
        _scorer = services => ActivatorUtilities.GetServiceOrCreateInstance<TScorer>(services);
        _policy = _policy with { HasScorer = true };
        return this;
    }

    /// <summary>What compares artifacts; without it they are alike when their bytes are equal.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSimilarity>()
        where TSimilarity : class, IArtifactSimilarity<TArtifact>
    {
        _similarity = services => ActivatorUtilities.GetServiceOrCreateInstance<TSimilarity>(services);
        return this;
    }

    /// <summary>What compares artifacts, as it is: one of <see cref="Similarity"/>, or your own.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith(IArtifactSimilarity<TArtifact> similarity)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        _similarity = _ => similarity;
        return this;
    }

    /// <summary>What compares artifacts, made once from the host's services: an embedding that needs a client, say.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith(Func<IServiceProvider, IArtifactSimilarity<TArtifact>> similarity)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        _similarity = services => similarity(services) ?? throw new InvalidOperationException($"Task class '{_class.Name}': {nameof(CompareWith)} was given a function that returned null.");
        return this;
    }

    /// <summary>Adds a validator; all must accept.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ValidateWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TValidator>()
        where TValidator : class, IArtifactValidator<TPayload, TArtifact>
    {
        _validators.Add(services => ActivatorUtilities.GetServiceOrCreateInstance<TValidator>(services));
        _policy = _policy with { HasValidators = true };
        return this;
    }

    /// <summary>Limits of every task of the class; a task's own budget may set others.</summary>
    /// <param name="iterations">Default 64. From 1 to 1,000,000.</param>
    /// <param name="time">On workers. Default 1 h. Above zero, to 365 days.</param>
    /// <param name="cost">Declared cost of the model calls. Default unlimited. Above zero.</param>
    /// <param name="payloadBytes">Default 16 MiB. From 1 to 16 MiB.</param>
    /// <param name="artifactBytes">A longer artifact fails its pass with <see cref="ArtifactTooLargeException"/>. Default 16 MiB. From 1 to 16 MiB.</param>
    /// <param name="beatTimeout">A pass without a sign of life for so long is abandoned. Default 5 min. From 10 ms to 1 day.</param>
    public TaskClassBuilder<TPayload, TArtifact> Limit(
        int? iterations = null, TimeSpan? time = null, double? cost = null, int? payloadBytes = null, int? artifactBytes = null, TimeSpan? beatTimeout = null)
    {
        Check(iterations is null or (>= 1 and <= 1_000_000), $"{nameof(Limit)}({nameof(iterations)})", iterations, "1 to 1,000,000");
        Check(time is null || (time > TimeSpan.Zero && time <= TimeSpan.FromDays(365)), $"{nameof(Limit)}({nameof(time)})", time, "above zero, to 365 days");
        Check(cost is null || (cost > 0 && double.IsFinite(cost.Value)), $"{nameof(Limit)}({nameof(cost)})", cost, "above zero and finite");
        Check(payloadBytes is null or (>= 1 and <= ClassPolicy.LargestValueBytes), $"{nameof(Limit)}({nameof(payloadBytes)})", payloadBytes, "1 to 16 MiB");
        Check(artifactBytes is null or (>= 1 and <= ClassPolicy.LargestValueBytes), $"{nameof(Limit)}({nameof(artifactBytes)})", artifactBytes, "1 to 16 MiB");
        Check(beatTimeout is null || (beatTimeout >= TimeSpan.FromMilliseconds(10) && beatTimeout <= TimeSpan.FromDays(1)), $"{nameof(Limit)}({nameof(beatTimeout)})", beatTimeout, "10 ms to 1 day");
        _policy = _policy with
        {
            MaxIterations = iterations ?? _policy.MaxIterations,
            MaxTime = time ?? _policy.MaxTime,
            MaxCost = cost ?? _policy.MaxCost,
            MaxPayloadBytes = payloadBytes ?? _policy.MaxPayloadBytes,
            MaxArtifactBytes = artifactBytes ?? _policy.MaxArtifactBytes,
            BeatTimeout = beatTimeout ?? _policy.BeatTimeout,
        };
        return this;
    }

    /// <summary>Replaces the supervision policy.</summary>
    public TaskClassBuilder<TPayload, TArtifact> SuperviseWith(ISupervisionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _policy = _policy with { Supervision = policy };
        return this;
    }

    internal IReadOnlyList<string> Faults => _models.Count > 0 ? _faults : [.. _faults, $"Task class '{_class.Name}' has no model; add one with {nameof(AddModel)}."];

    internal TaskClassDefinition Build(IServiceProvider services) => new TaskClassDefinition<TPayload, TArtifact>(
        _class, [.. _models.OrderBy(model => model.Tier)], _code.ToDictionary(code => code.Key, code => code.Value(services)),
        _scorer?.Invoke(services), _similarity?.Invoke(services), [.. _validators.Select(validator => validator(services))], _policy);

    private TaskClassBuilder<TPayload, TArtifact> Add(string name, int tier, string family, double cost, string device, Func<IServiceProvider, IRefinementModel<TPayload, TArtifact>> code)
    {
        Check(!string.IsNullOrWhiteSpace(name) && !_code.ContainsKey(name), $"{nameof(AddModel)}({nameof(name)})", name, "a name that no other model of the class has");
        Check(tier is >= 0 and <= 100, $"{nameof(AddModel)}({nameof(tier)})", tier, "0 to 100");
        Check(cost >= 0 && double.IsFinite(cost), $"{nameof(AddModel)}({nameof(cost)})", cost, "zero or more, and finite");
        Check(DeviceKind.IsValid(device), $"{nameof(AddModel)}({nameof(device)})", device, DeviceKind.Range);
        if (string.IsNullOrWhiteSpace(name) || !_code.TryAdd(name, code)) return this;
        _models.Add(new ModelDescriptor(name, tier, family, cost, device));
        return this;
    }

    private void Check(bool holds, string what, object? value, string range)
    {
        if (!holds) _faults.Add($"Task class '{_class.Name}': {what} is '{value}'; it takes {range}.");
    }

    private sealed class DelegateModel(Func<RefinementContext<TPayload, TArtifact>, CancellationToken, ValueTask<Refinement<TArtifact>>> refine) : IRefinementModel<TPayload, TArtifact>
    {
        public ValueTask<Refinement<TArtifact>> RefineAsync(RefinementContext<TPayload, TArtifact> context, CancellationToken cancellationToken) => refine(context, cancellationToken);
    }
}
