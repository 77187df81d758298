// The figures that look closer than curves of single metrics do, in reading order.

const CLOSER = [multiplesPlan, heatPlan, stacksPlan, spreadPlan, latencyPlan, timelinePlan]
  .map(plan => plan()).filter(plan => plan.hasData()).map(plan => new Drawing(plan));
